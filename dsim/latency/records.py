"""What a latency model answers with."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dsim.latency.cliffs import chance_words
from dsim.latency.features import FloatArray
from dsim.latency.question import ENOUGH, Question
from dsim.openers import open_with
from dsim.rounding import rounded_up, sign_of, without_rounding
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import polars as pl

FIXED = "fixed, of no operator"
KERNEL_COLUMNS: dict[str, Any] = {
    "scope": str, "kind": str, "latency_ms": float, "evidence": str, "macs": int, "params": int, "elements": int, "counted": bool,
}  # fmt: skip


class Basis(StrEnum):
    """What the price of a kernel rests on."""

    MEASURED = "measured"  # this very kernel was timed by itself
    ATTRIBUTED = "attributed"  # it ran inside networks timed as wholes; its part of their time is the model's
    INTERPOLATED = "interpolated"  # its kind did, in several families, smaller and larger than here
    EXTRAPOLATED = "extrapolated"  # its kind did, but in one family only or not at this size
    UNSUPPORTED = "unsupported"  # nothing like it was ever measured


@dataclass(frozen=True)
class LatencyArrays:
    """Milliseconds of many designs.

    Attributes
    ----------
    latency_ms, low_ms, high_ms
        (N,) the estimate and the ends of its central interval, for a network that stays on the accelerator.
    needs_ms
        (N,) the smallest budget that a new measurement keeps to with the chance that is asked for, cliffs included;
        infinite where a cliff alone is likelier than the rest of that chance, so that no budget is enough.
    """

    latency_ms: FloatArray
    low_ms: FloatArray
    high_ms: FloatArray
    needs_ms: FloatArray


@dataclass(frozen=True, slots=True)
class KernelCost:
    """One kernel's share of an estimate.

    Attributes
    ----------
    scope
        Path of the module that it came from.
    kind
        Its operator, with a fused activation in brackets.
    latency_ms
        Its share; an attribution by the model, not a measurement.
    evidence
        How well it is covered.
    macs, params, elements
        Of the kernel: multiply-accumulates, learned numbers, elements that it writes.
    counted
        False where no rule counts the first two: they are lower bounds.
    """

    scope: str
    kind: str
    latency_ms: float
    evidence: Basis
    macs: int = 0
    params: int = 0
    elements: int = 0
    counted: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class LatencyEstimate(Summarised):
    """One network's latency in a profile's reference protocol.

    Attributes
    ----------
    latency_ms, low_ms, high_ms
        The estimate and its central interval at ``confidence`` for a new measurement, given that the network stays on
        the accelerator. Where the estimate is not ``complete``, ``high_ms`` is infinite: nothing bounds it.
    confidence
        Level of the interval.
    p_cliff
        Chance that it does not stay there (it is not averaged into the interval).
    complete
        False where some kernel is unsupported: it counts as the least that any kernel does. The total is an incomplete estimate
        and no lower bound, for the kernels that have a price may come out too slow.
    fixed_ms
        Part of the estimate that no kernel carries.
    kernels
        Every kernel's share; with ``fixed_ms`` they add up to ``latency_ms``.
    notes
        What the reader should know, in plain words.
    question
        What the interval answers: its width is that of errors on networks as near to what was timed as this one.
    error_families
        Of how many families of networks those errors are; below ENOUGH (19) the upper end is the model's, for so few do not bound it.
    needs_ms
        The smallest budget that a new measurement keeps to with the chance ``confidence``, cliffs included: a network fits a
        budget from there on. Infinite where the estimate is not ``complete``, or no budget is enough.
    """

    latency_ms: float
    low_ms: float
    high_ms: float
    confidence: float
    p_cliff: float
    complete: bool
    fixed_ms: float
    kernels: tuple[KernelCost, ...]
    notes: tuple[str, ...] = ()
    question: Question = Question.FOREIGN
    error_families: int = 0
    needs_ms: float = math.inf

    @property
    def fits(self) -> str:
        """Say in words from which budget on it fits."""
        if not self.complete:
            return "no budget for sure: the estimate is incomplete"
        if math.isinf(self.needs_ms):
            return f"no budget with a chance of {self.confidence:.0%}, for it may leave the accelerator"
        return f"a budget of {rounded_up(self.needs_ms)} ms or more, with a chance of {self.confidence:.0%}"

    @property
    def answers(self) -> str:
        """Say in words what the interval answers, and what bounds its upper end."""
        if not self.error_families:
            return self.question.words
        few = (
            f"; with fewer than {ENOUGH} its upper end rests on a model"
            if self.error_families < ENOUGH
            else ""
        )
        return f"{self.question.words} (from the errors of {self.error_families} families{few})"

    def summary(self) -> Summary:
        """Return the estimate, where the time goes, and what the prices rest on."""
        named, level = "" if self.complete else ", an incomplete estimate", f"{self.confidence:.0%} interval"
        kinds = [f"{kind} {ms:.3g} ms" for kind, ms in [*self.by_op.items()][:5]]
        rests = ", ".join(f"{share:.0%} {kind}" for kind, share in self.shares["ms"].items())
        span = f"{level} {self.low_ms:.3g} to {self.high_ms:.3g} ms" if self.complete else "no interval"
        rows = [
            ("latency", f"{self.latency_ms:.3g} ms{named}, {span}"),
            ("fits", self.fits),
            *((("interval answers", self.answers),) if self.complete else ()),
            *((("off the accelerator", said),) if (said := chance_words(self.p_cliff)) else ()),
            ("time goes to", ", ".join([*kinds, f"fixed {self.fixed_ms:.3g} ms"])),
            ("prices rest on", f"{rests} (of the milliseconds of {len(self.kernels)} kernels)"),
            *(("note", note) for note in self.notes),
        ]
        return Summary("Latency estimate", tuple(rows))

    def to_frame(self) -> pl.DataFrame:
        """Return a polars table with a row for each kernel in order of running, and one for the time that no kernel carries.

        ``share`` is the part of the estimate, and ``cumulative_ms`` the milliseconds up to there.
        """
        import polars as pl  # deferred: it takes a while to load

        kernels = pl.DataFrame([asdict(kernel) for kernel in self.kernels], schema=KERNEL_COLUMNS)
        fixed = pl.DataFrame([{"kind": FIXED, "latency_ms": self.fixed_ms}])
        return pl.concat([kernels, fixed], how="diagonal").with_columns(
            (pl.col("latency_ms") / self.latency_ms).alias("share"),
            pl.col("latency_ms").cum_sum().alias("cumulative_ms"),
        )

    def plot(self) -> Any:
        """Return where the time goes as an Altair chart: a bar for each kernel, in the row of its block.

        Raises
        ------
        MissingPackageError
            The packages that draw are not installed.
        """
        return open_with("plot", self)

    @property
    def by_op(self) -> dict[str, float]:
        """Milliseconds by operator, largest first."""
        return _group((kernel.kind, kernel.latency_ms) for kernel in self.kernels)

    @property
    def by_scope(self) -> dict[str, float]:
        """Milliseconds by the first two parts of the module path, in order of appearance."""
        out: dict[str, float] = {}
        for kernel in self.kernels:
            name = ".".join(kernel.scope.split(".")[:2])
            out[name] = out.get(name, 0.0) + kernel.latency_ms
        return out

    @property
    def by_kernel(self) -> dict[str, float]:
        """Milliseconds by kernel, in order of running; the key is its module path and operator."""
        return {f"{n} {k.scope or '-'} {k.kind}": k.latency_ms for n, k in enumerate(self.kernels)}

    @property
    def shares(self) -> dict[str, dict[str, float]]:
        """Share of kernels, of MACs and of milliseconds by how well they are covered; each adds up to 1.

        Milliseconds are those that kernels carry.
        """
        out = {}
        amounts = {
            "ops": [1.0] * len(self.kernels),
            "macs": [float(k.macs) for k in self.kernels],
            "ms": [k.latency_ms for k in self.kernels],
        }
        for name, values in amounts.items():
            whole = sum(values) or 1.0
            parts = _group((str(k.evidence), v / whole) for k, v in zip(self.kernels, values, strict=True))
            out[name] = {kind: share for kind, share in parts.items() if share}
        return out


@dataclass(frozen=True, slots=True)
class Identified:
    """Whether a profile's evidence can tell two options apart.

    Attributes
    ----------
    choice
        ``kind:from>to``, e.g. ``activation:gelu>relu``.
    contrast_ms, low_ms, high_ms
        What the change does to the reference design, in milliseconds: median and 90% interval over bootstraps of families.
    identified
        True where the sign is certain or the whole interval lies within the noise floor.
    why
        The reason in words.
    priced_ms, floor_ms
        What the model itself says of the change, where it was asked (None elsewhere), and what counts as no difference.
    """

    choice: str
    contrast_ms: float
    low_ms: float
    high_ms: float
    identified: bool
    why: str
    priced_ms: float | None = None
    floor_ms: float = 0.0

    @property
    def contradicted(self) -> bool:
        """True where the evidence decides, and the model prices it the other way round or sees more than nothing."""
        if self.priced_ms is None or not self.identified:
            return False
        if sign_of(self.low_ms, self.high_ms, self.floor_ms):
            return without_rounding(self.priced_ms, self.floor_ms) * self.contrast_ms <= 0
        return abs(self.priced_ms) > self.floor_ms


def _group(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for name, value in pairs:
        out[name] = out.get(name, 0.0) + value
    return dict(sorted(out.items(), key=lambda item: -item[1]))
