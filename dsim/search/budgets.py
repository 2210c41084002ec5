"""One answer for each of several budgets on one device, from searches that share their work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.errors import InvalidValueError
from dsim.search.clock import share_of
from dsim.search.result import StudyResult
from dsim.search.sizes import search_sizes
from dsim.search.tables import Tables
from dsim.search.task import TaskSource, source_of
from dsim.summaries import Summarised, Summary
from dsim.units import each_once, milliseconds

if TYPE_CHECKING:
    import polars as pl

MOST = 20  # budgets in one command: each is a search of its own


@dataclass(frozen=True, repr=False)
class BudgetStudies(Summarised):
    """What searches at several budgets found.

    Attributes
    ----------
    studies
        One for each budget, the smallest first; each is what a search at that budget alone finds.
    """

    studies: tuple[StudyResult, ...]

    @property
    def sides(self) -> tuple[int, ...]:
        """Sizes of image in pixels that were the best at some budget, the smallest first."""
        return tuple(sorted({one.spec.space.resolution for one in self.studies}))

    def to_frame(self) -> pl.DataFrame:
        """Return a table with one row a budget; what was not found is empty."""
        import polars as pl  # slow to import

        return pl.DataFrame([_row(one) for one in self.studies])

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim study --json`` prints for several budgets."""
        return {"studies": [one.to_dict() for one in self.studies]}

    def summary(self) -> Summary:
        """Return what was chosen at each budget."""
        first = self.studies[0].spec
        rows = [
            (
                f"{one.spec.budget_ms:g} ms",
                "nothing fits"
                if one.chosen is None
                else f"{one.chosen.top1:.1f} % in {one.chosen.latency_ms:.3g} ms, {one.chosen.params / 1e6:.2f} M parameters"
                f"{f' at {one.spec.space.resolution} px' if len(self.sides) > 1 else ''}",
            )
            for one in self.studies
        ]
        return Summary(
            f"Studies: {first.device} at {len(self.studies)} budgets", (*rows, ("all", "in .studies"))
        )


def search_budgets(
    device: str,
    budgets_ms: Sequence[float | str],
    *,
    name: str = "",
    time_s: float | str | None = None,
    accuracy: TaskSource | str | Path | None = None,
    **asked: Any,
) -> BudgetStudies:
    """Search at each of several budgets; what does not depend on the budget is worked out once.

    Parameters
    ----------
    budgets_ms
        Numbers of milliseconds, or texts such as ``"2ms"``.
    name
        As for `dsim.search`; several budgets get a folder each, the budget at its end.
    time_s
        Cap on the wall clock of all searches together; each gets an even share.
    accuracy, asked
        As for `dsim.search` and `search_sizes`.

    Raises
    ------
    InvalidValueError
        There is no budget, there are too many, or one is given twice.
    """
    budgets = sorted(milliseconds(one) for one in budgets_ms)
    each_once("budget", budgets, "ms")
    if not 1 <= len(budgets) <= MOST:
        raise InvalidValueError(
            f"a search takes 1 to {MOST} budgets, got {len(budgets)}; give for example 1ms,2ms,4ms"
        )
    tables, found = Tables(), list[StudyResult]()
    source = source_of(accuracy)
    share = share_of(time_s, len(budgets))
    for ms in budgets:
        own = f"{name}-{ms:g}ms" if name and len(budgets) > 1 else name
        found.append(
            search_sizes(device, ms, name=own, time_s=share, accuracy=source, tables=tables, **asked)
        )
        if found[-1].cost.interrupted:
            break
    return BudgetStudies(tuple(found))


def _row(found: StudyResult) -> dict[str, Any]:
    chosen = found.chosen
    figures = (
        "latency_ms",
        "low_ms",
        "high_ms",
        "needs_ms",
        "top1",
        "top1_low",
        "top1_high",
        "params",
        "macs",
    )
    return {
        "budget_ms": found.spec.budget_ms,
        "px": found.spec.image_text,
        **{name: None if chosen is None else getattr(chosen, name) for name in figures},
        "folder": str(found.spec.folder),
    }
