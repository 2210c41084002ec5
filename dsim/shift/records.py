"""The result of a comparison, as frozen records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from dsim.accuracy import REFERENCE
from dsim.accuracy.asked_recipe import recipe_words
from dsim.arch import Arch
from dsim.openers import open_with
from dsim.records import from_plain
from dsim.search import Candidate
from dsim.search.accuracy_words import AccuracyWords
from dsim.search.spec import UPPER_END, rule_words
from dsim.search.task import Task
from dsim.shift.false_findings import Null
from dsim.shift.findings import DeviceFindings
from dsim.shift.named import cell_named, pair_named
from dsim.shift.stack import Pair
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import polars as pl


class Verdict(StrEnum):
    """What may be said of a difference."""

    ITSELF = "itself"
    SHARED = "shared model"  # both profiles share operator prices by construction: no finding either way
    NOT_IDENTIFIED = "not identified"  # it rests on a choice that a profile's evidence cannot price
    NO_EVIDENCE = "no evidence of a difference"  # the interval includes zero
    TOO_SMALL = "too small to measure"  # the sign is certain by the models, but two runs of one laboratory differ by more
    DIFFERENCE = "difference"  # the interval does not include zero
    TOO_FEW = "too few draws to judge"  # the interval does not include zero, and rests on too few refits or halvings
    IMPOSSIBLE = "cannot be made alone"
    NOTHING_FITS = "nothing fits"


@dataclass(frozen=True)
class Interval:
    """A value and the central interval of its paired draws."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Cell:
    """The best design of ``of``, run on ``on``.

    Attributes
    ----------
    verdict
        What may be said of ``top1_lost``.
    over_budget_ms
        The smallest budget that it fits there minus the budget there; negative where it fits, nan where no budget is enough.
    refits_over
        In how many of the refits it is over the budget.
    slower_ms
        Its milliseconds there minus those of the own best design, paired.
    shrunk
        The best design with the same choices and no larger size that fits there; itself where it fits; None where none does.
    top1_lost
        Top-1 of the own best minus that of ``shrunk`` in points, paired; None where there is nothing to compare.
    not_identified
        Choices in which both designs differ and that ``on`` cannot price.
    """

    of: str
    on: str
    verdict: Verdict
    over_budget_ms: float
    refits_over: int
    slower_ms: Interval
    shrunk: Candidate | None
    top1_lost: Interval | None
    not_identified: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flip:
    """One choice in which the best designs of two devices differ.

    Attributes
    ----------
    a, b, choice, before, after
        On ``a`` the best design has ``before``, on ``b`` it has ``after``.
    ms_a, ms_b
        What the change does to ``a``'s best design, in milliseconds on each device; None where it makes no design alone.
    top1
        What it does to top-1, in points; None too where the change makes a design without a rank.
    apart
        Change on ``b`` minus change on ``a``, each in percent of its device's budget, paired.
    verdict
        `Verdict.DIFFERENCE` makes it a finding: ``apart`` does not include zero, and is no smaller than what two runs of
        one laboratory differ by. Below zero the change pays more on ``b``; above, something else than its price made it.
    seeds, of_seeds
        In how many of the searches on halves of the evidence both designs differed in the same way.
    refits, of_refits
        The same for choices among the known candidates under refitted prices.
    """

    a: str
    b: str
    choice: str
    before: str
    after: str
    verdict: Verdict
    ms_a: Interval | None
    ms_b: Interval | None
    top1: Interval | None
    apart: Interval | None
    seeds: int
    of_seeds: int
    refits: int
    of_refits: int


@dataclass(frozen=True)
class SwapOn:
    """What a swap does on one device; ``ms`` is None where the profile's evidence cannot price it, and ``why`` says why."""

    device: str
    verdict: Verdict
    ms: Interval | None
    why: str = ""


@dataclass(frozen=True)
class SwapRow:
    """One single change of the what-if design, on every device; ``top1`` is None where the change makes a design without a rank."""

    kind: str
    before: str
    after: str
    top1: Interval | None
    on: tuple[SwapOn, ...]


@dataclass(frozen=True)
class WhatIf:
    """The what-if table of one design; ``latency`` is its own by device, in milliseconds with the usual interval.

    ``top1`` is None where the design has no rank.
    """

    design: str
    arch: Arch
    latency: tuple[tuple[str, Interval], ...]
    top1: Interval | None
    rows: tuple[SwapRow, ...]


@dataclass(frozen=True)
class RobustOn:
    """The robust design on one device, against that device's own best."""

    device: str
    latency: Interval
    over_budget_ms: float
    top1_lost: Interval | None


@dataclass(frozen=True)
class Robust:
    """The candidate whose worst case over the devices is best.

    Attributes
    ----------
    fits_everywhere
        False where no candidate fits every budget; then it is the one that misses its worst budget by the least.
    worst_points
        Largest loss of top-1 in points (pessimistic estimates) against a device's own best; 0 at best.
    candidates
        How many were compared: the union of the fronts.
    """

    candidate: Candidate
    fits_everywhere: bool
    worst_points: float
    candidates: int
    on: tuple[RobustOn, ...]


@dataclass(frozen=True)
class Halved:
    """One search on one half of the evidence, and what the other half says of the design that it chose.

    Attributes
    ----------
    fold_seed
        Says how families were halved.
    families, other_families
        Latency families of the half that chose and of the half that scored; pools and donors are halved alike.
    claimed_ms, claimed_high_ms, claimed_top1, claimed_top1_low
        By the half that chose.
    scored_ms, scored_high_ms, scored_top1
        By the other half.
    claimed_needs_ms, scored_needs_ms
        The smallest budget that it fits, by either half; nan where none is enough. In files of older versions a design fitted
        by the upper end of its interval, which is then what it needs.
    why_not
        Why the search could not be made; empty where it was made.
    """

    device: str
    fold_seed: int
    families: int
    other_families: int
    arch: Arch | None
    claimed_ms: float
    claimed_high_ms: float
    claimed_top1: float
    claimed_top1_low: float
    scored_ms: float
    scored_high_ms: float
    scored_top1: float
    why_not: str = ""
    claimed_needs_ms: float = 0.0
    scored_needs_ms: float = 0.0

    def __post_init__(self) -> None:
        for name in ("claimed", "scored"):
            if getattr(self, f"{name}_needs_ms") == 0.0:  # a file of an older version does not say
                object.__setattr__(self, f"{name}_needs_ms", getattr(self, f"{name}_high_ms"))

    @property
    def slower_than_claimed(self) -> float:
        """How much slower the other half of the evidence says that it is: 0.1 means 10% slower."""
        return self.scored_ms / self.claimed_ms - 1.0


@dataclass(frozen=True, repr=False)
class Comparison(Summarised):
    """Everything that a comparison found; of one on the user's own task, what stands as top-1 is the rank.

    Attributes
    ----------
    inputs
        What was asked (see `ComparisonSpec.inputs`).
    fingerprint
        Of inputs, profiles and code.
    budget_rule
        How the budgets came about, in words.
    pairs
        Every pair of devices, with what differs.
    cells
        The regret matrix, row by row: ``of`` outer, ``on`` inner.
    draws, refits
        Paired draws behind every interval, and refits among them.
    notes
        What the reader should know.
    seconds
        Wall clock.
    null
        Each device compared with itself; empty where the measurements were not halved.
    """

    fingerprint: str
    inputs: Mapping[str, Any]
    confidence: float
    budget_rule: str
    devices: tuple[DeviceFindings, ...]
    pairs: tuple[Pair, ...]
    cells: tuple[Cell, ...]
    flips: tuple[Flip, ...]
    what_if: WhatIf
    robust: Robust | None
    halved: tuple[Halved, ...]
    draws: int
    refits: int
    notes: tuple[str, ...]
    seconds: float
    complete: bool = True
    null: tuple[Null, ...] = ()

    @property
    def task(self) -> Task | None:
        """The user's own task whose ranks it is judged by; None for ImageNet's top-1."""
        asked = self.inputs.get("task")
        return None if asked is None else from_plain(Task, asked, "a comparison's task")

    @property
    def words(self) -> AccuracyWords:
        """What its accuracy figures are called."""
        recipe = str(self.inputs.get("recipe", ""))
        trained = recipe_words(recipe, REFERENCE.train_resolution) if recipe else ""  # it names its own px
        return AccuracyWords(self.task, trained)

    @property
    def rule(self) -> str:
        """When a design fits, as the end of a sentence."""
        return rule_words(str(self.inputs.get("fits_by", UPPER_END)), self.confidence)

    def summary(self) -> Summary:
        """Return each device's best design, and how many differences are significant."""
        name = self.words.name
        rows = []
        for one in self.devices:
            best = one.best
            said = f"{best.latency_ms:.3g} ms, {name} {best.top1:.1f} %" if best else "nothing fits"
            rows.append((one.device, f"within {one.budget_ms:.3g} ms: {said}"))
        verdicts = Counter(str(cell.verdict) for cell in self.cells if cell.of != cell.on)
        found = sum(flip.verdict is Verdict.DIFFERENCE for flip in self.flips)
        rows += [
            ("regret", ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())),
            ("flips", f"{len(self.flips)}, of which {found} pay differently on the two devices"),
            ("rests on", f"{self.draws} paired draws over {self.refits} refits"),
            *(("note", note) for note in self.notes),
        ]
        return Summary(f"Comparison of {len(self.devices)} devices", tuple(rows))

    def to_frame(self) -> pl.DataFrame:
        """Return the regret matrix as a polars table, a row for each pair of devices.

        Ends of intervals stand beside their values (``slower_ms``, ``slower_ms_low``, ``slower_ms_high``).
        """
        from dsim.shift.frame import regret_frame  # deferred: polars takes a while to load

        return regret_frame(self.cells)

    def plot(self) -> Any:
        """Return all fronts as one Altair chart, latency relative to each device's budget.

        Raises
        ------
        MissingPackageError
            The packages that draw are not installed.
        """
        return open_with("plot", self)

    def cell(self, of: str, on: str) -> Cell:
        """Return one cell of the matrix; an unknown device is refused."""
        return cell_named(self.cells, of, on)

    def pair(self, a: str, b: str) -> Pair:
        """Return the pair of two devices, in whichever order it is kept; an unknown one is refused."""
        return pair_named(self.pairs, a, b)
