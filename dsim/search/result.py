"""The result of a study: the chosen design, the front, what the search cost, and which choices it could not price."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from dsim.device.batches import split_name
from dsim.latency.cliffs import LEAVES, chance_words
from dsim.limits import LimitUse
from dsim.openers import open_with
from dsim.records import to_rows, to_versioned
from dsim.search.candidate import Candidate, Certainty, Ranked
from dsim.search.missed import Alike, Missed
from dsim.search.preference import Preference
from dsim.search.spec import UPPER_END, StudySpec
from dsim.search.task import RANK_KEYS, TrainedDesign, renamed
from dsim.shelf.records import Shelved
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import polars as pl

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class NotIdentified:
    """A choice that the profile's evidence cannot price; the search left it at its published value.

    Attributes
    ----------
    choice
        What it is, e.g. ``"activation"``.
    kept
        The value it was left at.
    dropped
        The values that were not searched.
    why
        The evidence, or the lack of it, in one sentence.
    """

    choice: str
    kept: str
    dropped: tuple[str, ...]
    why: str


@dataclass(frozen=True)
class Published:
    """A published network that was measured on this device at about this latency."""

    network: str
    latency_ms: float
    top1: float | None
    source: str


@dataclass(frozen=True)
class Cost:
    """What a study cost: time, and how many designs it looked at.

    Attributes
    ----------
    seconds
        Wall clock of the run that finished it; with a storage, from the first mix of any worker to the last.
    designs
        Designs that were scored, each once in a mix; what improves the best design across mixes counts all that it scores.
    mixes
        Mixes that were swept.
    repeats
        Mixes that were proposed again and replaced by others.
    capped
        True where the time cap ended the study before it came to its end: such a result is not reproducible.
    interrupted
        True where the user ended it; the same command goes on from here.
    swept
        Whether all mixes were swept. A study that was capped or interrupted after that lacks a last step: its best design is
        not improved across mixes, not proved to be the best, or its best designs are not trained.
    """

    seconds: float
    designs: int
    mixes: int
    repeats: int
    capped: bool = False
    interrupted: bool = False
    swept: bool = True

    @property
    def is_final(self) -> bool:
        """Whether the search came to its end, so that the same command shows this result again."""
        return not (self.capped or self.interrupted)

    def came_to(self, trials: int) -> str:
        """Say where a study of so many trials was ended, as the end of a sentence."""
        return "before its last steps" if self.swept else f"after {self.mixes} of {trials} mixes"


@dataclass(frozen=True, kw_only=True)
class ResultForm:
    """What ``chosen.json`` holds and ``dsim study --json`` prints; see `StudyResult`.

    Attributes
    ----------
    fits_by
        See `StudySpec`.
    top1_for
        The recipe and the resolution that top-1 is predicted for, in words.
    front
        Empty in ``chosen.json``, for the front has a file of its own.
    """

    device: str
    budget_ms: float
    confidence: float
    top1_for: str
    chosen: Candidate | None
    front: tuple[Candidate, ...] = ()
    fastest: Candidate
    nearest_feasible_budget_ms: float | None
    not_identified: tuple[NotIdentified, ...]
    published: tuple[Published, ...]
    cost: Cost
    notes: tuple[str, ...]
    p_cliff: float | None = None
    trained: tuple[TrainedDesign, ...] = ()
    fits_by: str = UPPER_END
    certainty: tuple[Certainty, ...] = ()
    shelf: tuple[Shelved, ...] = ()
    alike: Alike | None = None
    missed: Missed | None = None
    prefer: Preference | None = None
    limits: tuple[LimitUse, ...] = ()


@dataclass(frozen=True, repr=False)
class StudyResult(Summarised):
    """Everything that a study found.

    Attributes
    ----------
    chosen
        The feasible design with the highest pessimistic top-1, or None where nothing fits.
    front
        Designs that no other beats in the budget that it needs and pessimistic top-1, the smallest need first.
    fastest
        The design that needs the smallest budget.
    nearest_feasible_budget_ms
        The smallest budget that something would fit, where nothing fits this one; None where no budget is enough, because all
        designs leave the accelerator with too high a chance.
    trained
        Of a study on the user's own task: the designs that were trained alone, those that came furthest first.
    p_cliff
        The chance that the chosen design leaves the accelerator, or the fastest one where nothing fits; None in files of
        older versions, which do not say.
    alike, missed
        The designs that no evidence tells from the chosen one, and what the search may have missed; None in files of older
        versions, and where nothing fits.
    certainty
        The best design at several chances of fitting the budget, from the same search: mixes were chosen for the chance that
        was asked for, so that at the others a longer search may find a little more. Empty in files of older versions.
    shelf
        The most accurate published networks with weights that fit the budget too, at most three; empty in files of older
        versions, and of a study on the user's own task.
    limits
        What the chosen design, or the fastest one where nothing fits, takes of each limit beside time.
    """

    spec: StudySpec
    chosen: Candidate | None
    front: tuple[Candidate, ...]
    fastest: Candidate
    not_identified: tuple[NotIdentified, ...]
    published: tuple[Published, ...]
    cost: Cost
    nearest_feasible_budget_ms: float | None = None
    notes: tuple[str, ...] = ()
    p_cliff: float | None = None
    trained: tuple[TrainedDesign, ...] = ()
    certainty: tuple[Certainty, ...] = ()
    shelf: tuple[Shelved, ...] = ()
    alike: Alike | None = None
    missed: Missed | None = None
    limits: tuple[LimitUse, ...] = ()

    @property
    def prefer(self) -> Preference | None:
        """Which to take, the chosen design or the best published network; None where one of them is missing."""
        if self.chosen is None or not self.shelf:
            return None
        best, mine = self.shelf[0], self.chosen
        gains = (mine.top1 - best.top1, mine.top1_low - best.top1, mine.top1_high - best.top1)
        return Preference(gains[1] > 0.0, best.name, *gains)

    def ranked(self) -> StudyResult:
        """Return the result with designs that say what their rank is, where it is one of the user's own task."""
        task = self.spec.task
        if task is None:
            return self
        return replace(
            self,
            chosen=self.chosen and Ranked.of(self.chosen, task),
            front=tuple(Ranked.of(one, task) for one in self.front),
            fastest=Ranked.of(self.fastest, task),
            certainty=tuple(
                replace(one, best=one.best and Ranked.of(one.best, task)) for one in self.certainty
            ),
        )

    @property
    def tested(self) -> TrainedDesign | None:
        """The chosen design as it was trained and tested, or None where it was not."""
        for one in self.trained:
            if self.chosen and one.arch == self.chosen.arch and one.accuracy is not None:
                return one
        return None

    def summary(self) -> Summary:
        """Return what was chosen and what it cost to find, without the front."""
        spec = self.spec
        title = f"Study: {spec.device} within {spec.budget_ms:g} ms, at {spec.confidence:.0%} confidence"
        if self.chosen is None:
            nearest = self.nearest_feasible_budget_ms
            rows = [
                (
                    "chosen",
                    f"nothing fits; nearest feasible budget {nearest:.3g} ms" if nearest else "nothing fits",
                )
            ]
            shown = self.fastest
        else:
            rows, shown = [("chosen", self.chosen.name or "a design of its own")], self.chosen
        rows += [*shown.said(spec.confidence, spec.trained), *shown.arch.summary().rows]
        if tested := self.tested:
            rows.append(("test accuracy", tested.words))
        rows += [(use.title.lower(), use.words) for use in self.limits]
        if risk := chance_words(self.p_cliff):
            rows.append(("off the accelerator", risk))
        if preferred := self.prefer:
            rows.append(("prefer", preferred.says(spec.trained)))
        rows.append(("front", f"{len(self.front)} designs, in .front"))
        for item in self.not_identified:
            rows.append(
                (
                    "not identified",
                    f"{item.choice} stays {item.kept} ({', '.join(item.dropped)} not searched)",
                )
            )
        rows += [("note", note) for note in self.notes]
        cost = self.cost
        rows.append(
            (
                "cost",
                f"{cost.seconds:.1f} s, {cost.designs:,} designs, {cost.mixes} combinations of block types",
            )
        )
        return Summary(title, tuple(rows))

    def to_frame(self) -> pl.DataFrame:
        """Return the front as a polars table, the smallest need first; ``chosen`` marks the chosen design.

        The columns are those of ``front.parquet``.
        """
        import polars as pl  # deferred: it takes a while to load

        frame = to_rows(self.front, Candidate)
        chosen = [self.chosen is not None and one.arch == self.chosen.arch for one in self.front]
        frame = frame if self.spec.task is None else frame.rename(RANK_KEYS, strict=False)
        return frame.with_columns(pl.Series("chosen", chosen, dtype=pl.Boolean))

    def plot(self) -> Any:
        """Return the front as an Altair chart, with the budget, the chosen design and networks that were measured there.

        Raises
        ------
        MissingPackageError
            The packages that draw are not installed.
        """
        return open_with("plot", self)

    def sentences(self) -> tuple[str, ...]:
        """Return what is predicted of the chosen design in plain sentences; none where nothing fits."""
        chosen, spec = self.chosen, self.spec
        if chosen is None:
            return ()
        level, batch = f"{spec.confidence:.0%}", split_name(spec.device)[1]
        run = f", for a run of {batch} images" if batch else ""
        risk = chance_words(self.p_cliff)
        return (
            f"Estimated latency on {spec.device}: {chosen.latency_ms:.2f} ms, {level} interval "
            f"{chosen.low_ms:.2f} to {chosen.high_ms:.2f} ms (predicted, not measured){run}.",
            *((f"{LEAVES.capitalize()}: {risk}.",) if risk else ()),
            *self._accuracy_sentences(chosen, level),
        )

    def _accuracy_sentences(self, chosen: Candidate, level: str) -> tuple[str, ...]:
        figures = f"{chosen.top1:.1f} %, {level} interval {chosen.top1_low:.1f} to {chosen.top1_high:.1f} %"
        task, tested = self.spec.task, self.tested
        if task is None:
            return (f"Estimated ImageNet-1k top-1: {figures} ({self.spec.trained}; predicted, not trained).",)
        rank = f"Estimated rank: {figures} ({task.words})."
        return (rank, f"Test accuracy: {tested.words}.") if tested else (rank,)

    def to_form(self) -> ResultForm:
        """Return what a file, or ``dsim study --json``, says of it."""
        return ResultForm(
            device=self.spec.device,
            budget_ms=self.spec.budget_ms,
            confidence=self.spec.confidence,
            top1_for=self.spec.task.words if self.spec.task else self.spec.trained,
            chosen=self.chosen,
            front=self.front,
            fastest=self.fastest,
            nearest_feasible_budget_ms=self.nearest_feasible_budget_ms,
            not_identified=self.not_identified,
            published=self.published,
            cost=self.cost,
            notes=self.notes,
            p_cliff=self.p_cliff,
            trained=self.trained,
            fits_by=self.spec.fits_by,
            certainty=self.certainty,
            alike=self.alike,
            missed=self.missed,
            shelf=self.shelf,
            prefer=self.prefer,
            limits=self.limits,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim study --json`` prints."""
        plain = to_versioned(self.to_form(), SCHEMA_VERSION)
        if not self.limits:
            del plain["limits"]
        if self.spec.task is not None:
            return dict(renamed(plain, RANK_KEYS))
        return {key: value for key, value in plain.items() if key != "trained"}
