"""What a shortlist holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dsim.errors import InvalidValueError
from dsim.limits import Limits
from dsim.records import to_plain, to_rows
from dsim.shelf.metrics import LABELS, NOTHING, Metrics
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import polars as pl

MEASURED, PREDICTED = "measured", "predicted"


@dataclass(frozen=True)
class ShelfLimits(Limits):
    """What a published network must keep to beside the latency budget, as timm builds it.

    Attributes
    ----------
    px
        Sides of the image that are allowed; empty for any.

    Raises
    ------
    InvalidValueError
        A limit is not positive.
    """

    px: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        for side in self.px:
            if not side > 0:
                raise InvalidValueError(f"px must be positive, got {side:g}; leave it out for no limit")

    def __bool__(self) -> bool:
        return bool(self.asked or self.px)

    @property
    def words(self) -> str:
        """The limits in words; empty where there are none."""
        sides = [f"{' or '.join(map(str, self.px))} px"] if self.px else []
        return ", ".join(filter(None, (super().words, *sides)))


@dataclass(frozen=True)
class Shelved:
    """A published checkpoint and what it costs on a device.

    Attributes
    ----------
    name, network, px
        timm's name with its tag, the same without, and the side of the image in pixels.
    top1
        Percent on ImageNet-1k, as published.
    latency_ms, low_ms, high_ms
        As measured or as predicted, and the central interval of a new measurement.
    needs_ms
        The smallest budget that a new measurement keeps to with the chance that is asked for, cliffs included.
    p_fits
        The chance that a new measurement is within the budget.
    how
        ``measured`` or ``predicted``.
    evidence
        Who measured it; or how near it is to what was timed there.
    p_cliff
        The chance that it leaves the accelerator; 0 where it was measured.
    params, macs
        As timm builds it.
    licence
        Of the weights; ``unknown`` where timm names none.
    merge
        Whether its branches must be merged before it ships.
    trained
        How it was trained, in words.
    load
        The line of Python that loads it with its weights.
    pareto
        Whether no other network on the list has as high a top-1 and needs less.
    note
        What else a reader should know, or empty.
    metrics
        What is known of the network on the device beside its latency, whatever its weights.
    """

    name: str
    network: str
    px: int
    top1: float
    latency_ms: float
    low_ms: float
    high_ms: float
    needs_ms: float
    p_fits: float
    how: str
    evidence: str
    p_cliff: float
    params: int
    macs: int
    licence: str
    merge: bool
    trained: str
    load: str
    pareto: bool = False
    note: str = ""
    metrics: Metrics = NOTHING

    @property
    def measured(self) -> bool:
        """Whether its latency was measured on the device."""
        return self.how == MEASURED


@dataclass(frozen=True, repr=False)
class Shortlist(Summarised):
    """Published checkpoints that fit a budget on a device, the highest top-1 first.

    Attributes
    ----------
    rows
        All that fit.
    considered
        How many checkpoints were within the limits.
    nearest
        Where nothing fits, the network that needs the smallest budget; None where none is enough.
    notes
        What was left out and why, and what else a reader should know.
    """

    device: str
    budget_ms: float
    confidence: float
    limits: ShelfLimits
    rows: tuple[Shelved, ...]
    considered: int
    nearest: Shelved | None = None
    notes: tuple[str, ...] = ()

    def top(self, count: int) -> tuple[Shelved, ...]:
        """Return the best few, of each network its best checkpoint alone."""
        first: dict[str, Shelved] = {}
        for row in self.rows:
            first.setdefault(row.network, row)
        return tuple(first.values())[:count]

    def to_frame(self) -> pl.DataFrame:
        """Return all that fit as a table: one column a field of `Shelved`, and the values of its metrics."""
        import polars as pl  # slow to import

        beside = [row.metrics.values for row in self.rows]
        # whole columns of it may be unknown, and nothing may fit
        metrics = pl.DataFrame(beside, schema=dict.fromkeys(LABELS, pl.Float64))
        return pl.concat([to_rows(self.rows, Shelved).drop("metrics"), metrics], how="horizontal")

    def to_dict(self, top: int | None = None) -> dict[str, Any]:
        """Return the object that ``dsim shortlist --json`` prints; ``top`` keeps the first so many rows."""
        plain: dict[str, Any] = to_plain(self)
        return {**plain, "fit": len(self.rows), "rows": plain["rows"][:top]}

    def summary(self) -> Summary:
        """Return the first few."""
        title = f"Shortlist: {self.device} within {self.budget_ms:g} ms, at {self.confidence:.0%} confidence"
        rows = [
            (f"{row.top1:.1f} %", f"{row.name} at {row.px} px, {row.latency_ms:.3g} ms ({row.how})")
            for row in self.rows[:10]
        ]
        counts = f"{len(self.rows)} of {self.considered}, in .rows; .to_frame() is a table"
        return Summary(title, (*rows, ("fit", counts), *(("note", note) for note in self.notes)))
