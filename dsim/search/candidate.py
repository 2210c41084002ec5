"""A design with its scores: what a search proposes."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from dsim.accuracy.recipe import reference_words
from dsim.arch import Arch
from dsim.search.task import Task
from dsim.summaries import Summarised, Summary


@dataclass(frozen=True, repr=False)
class Candidate(Summarised):
    """A design with its scores.

    Attributes
    ----------
    latency_ms, low_ms, high_ms
        Predicted latency in milliseconds and the central interval for a new measurement.
    p_fits
        One-sided chance that a new measurement is within the budget, cliffs included.
    needs_ms
        The smallest budget that it fits; nan where none is enough. In files of older versions a design fitted a budget by the
        upper end of its interval, which is then what it needs.
    top1, top1_low, top1_high
        Predicted ImageNet top-1 in percent, with its interval, for the model's named recipe.
    params, macs
        Raw counts.
    name
        The preset's name, or empty for a design that the search made.
    """

    arch: Arch
    latency_ms: float
    low_ms: float
    high_ms: float
    p_fits: float
    top1: float
    top1_low: float
    top1_high: float
    params: int
    macs: int
    name: str = ""
    needs_ms: float = 0.0

    def __post_init__(self) -> None:
        if self.needs_ms == 0.0:  # a file of an older version does not say
            object.__setattr__(self, "needs_ms", self.high_ms)

    def summary(self) -> Summary:
        """Return its figures, and its stages in words."""
        title = f"Design{f' {self.name}' if self.name else ''}"
        return Summary(title, (*self.said(), *self.arch.summary().rows))

    def said(self, confidence: float | None = None, trained: str = "") -> tuple[tuple[str, str], ...]:
        """Return its figures in words, row by row; ``trained`` says how, where that is not the reference recipe."""
        level = f"{confidence:.0%} interval" if confidence else "interval"
        trained = trained or reference_words(self.arch.resolution)
        needs = "more than any budget" if math.isnan(self.needs_ms) else f"{self.needs_ms:.3g} ms"
        return (
            ("latency", f"{self.latency_ms:.3g} ms, {level} {self.low_ms:.3g} to {self.high_ms:.3g} ms"),
            ("P(fits)", f"{self.p_fits:.1%}, the chance that a new measurement is within the budget"),
            ("needs", f"{needs}, the smallest budget that it fits"),
            (
                "top-1",
                f"{self.top1:.1f} %, {level} {self.top1_low:.1f} to {self.top1_high:.1f} % ({trained})",
            ),
            ("size", f"{self.params / 1e6:.2f} M parameters, {self.macs / 1e9:.3f} GMACs"),
        )

    @property
    def figures(self) -> tuple[float, ...]:
        """Latency, chance to fit and top-1 with their intervals: what is predicted of it."""
        return (
            *(self.latency_ms, self.low_ms, self.high_ms, self.p_fits),
            *(self.top1, self.top1_low, self.top1_high),
        )


@dataclass(frozen=True, repr=False)
class Ranked(Candidate):
    """A design of a study on the user's own task: what stands as top-1 is its rank.

    Attributes
    ----------
    rank_words
        What the rank is.
    """

    rank_words: str = ""

    @classmethod
    def of(cls, design: Candidate, task: Task) -> Ranked:
        """Make it of a design that a search scored."""
        return cls(**{f.name: getattr(design, f.name) for f in fields(Candidate)}, rank_words=task.words)

    def said(self, confidence: float | None = None, trained: str = "") -> tuple[tuple[str, str], ...]:
        """Return its figures in words, row by row; ``trained`` says how, where that is not the reference recipe."""
        level = f"{confidence:.0%} interval" if confidence else "interval"
        rank = f"{self.top1:.1f} %, {level} {self.top1_low:.1f} to {self.top1_high:.1f} % ({self.rank_words})"
        return tuple(
            ("rank", rank) if name == "top-1" else (name, text)
            for name, text in super().said(confidence, trained)
        )


@dataclass(frozen=True)
class Certainty:
    """What certainty costs: the best design where a new measurement must be within the budget with some chance.

    Attributes
    ----------
    chance
        That is asked for, cliffs included and one-sided.
    best
        The feasible design with the highest pessimistic top-1, at the study's own level for that; None where nothing fits.
    """

    chance: float
    best: Candidate | None
