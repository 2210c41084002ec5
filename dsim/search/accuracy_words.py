"""What an accuracy figure is called wherever one is shown: top-1 on ImageNet, or a rank on the user's own task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dsim.accuracy.recipe import reference_words
from dsim.search.task import Task

if TYPE_CHECKING:
    from dsim.search.candidate import Candidate


@dataclass(frozen=True)
class AccuracyWords:
    """The words, for studies and comparisons alike.

    Attributes
    ----------
    task
        None for ImageNet.
    trained
        How designs would be trained for ImageNet, in words; empty for the reference recipe.
    """

    task: Task | None
    trained: str = ""

    @property
    def name(self) -> str:
        """What a figure is called."""
        return "rank" if self.task else "top-1"

    @property
    def title(self) -> str:
        """The same, at the beginning of a sentence."""
        return self.name.capitalize()

    @property
    def column(self) -> str:
        """A column of such figures."""
        return f"{self.name} %"

    @property
    def points(self) -> str:
        """What a difference between two figures is counted in, before a noun or alone."""
        return f"{self.name} points"

    @property
    def points_of(self) -> str:
        """The same, behind a number in a sentence."""
        return f"points of {self.name}"

    @property
    def best(self) -> str:
        """The design that a search wants."""
        return "the design of the highest rank" if self.task else "the most accurate design"

    @property
    def wanted(self) -> str:
        """The quality that a search wants most of."""
        return "rank" if self.task else "accuracy"

    @property
    def rests_on(self) -> str:
        """What a predicted figure comes from, beside the measurements of latency; empty where that goes without saying."""
        if self.task is None:
            return ""
        return f"; ranks are learned from {self.task.subnets:,} sub-networks of {self.task.supernet}"

    @property
    def halved(self) -> str:
        """What is halved beside measurements, as a sentence with a space before it; empty where nothing needs to be said."""
        return " The sub-networks that ranks are learned from are halved too." if self.task else ""

    def reached(self, design: Candidate) -> str:
        """Return what a design reaches, as the end of a sentence."""
        figures = f"{design.top1:.1f}% ({design.top1_low:.1f} to {design.top1_high:.1f})"
        if self.task:
            return f"ranks above {figures} of the supernet's designs"
        return f"reaches {figures} top-1"

    def below(self, points: float, low: float, high: float) -> str:
        """Return by how many points a design is behind another, as the middle of a sentence."""
        interval = f"({low:.1f} to {high:.1f})"
        if self.task:
            return f"ranks {points:.1f} points {interval} lower"
        return f"is {points:.1f} points of top-1 {interval} less accurate"

    def about(self, resolution: int) -> str:
        """Say in a sentence what the figures are of."""
        if self.task is None:
            return f"Top-1 is on ImageNet-1k ({self.trained or reference_words(resolution)})."
        return f"{self._ranks}."

    def note(self, resolution: int, anew: bool = False) -> str:
        """Say the same in fewer words, for the note of a table.

        Parameters
        ----------
        anew
            Whether the figures are of designs that were changed.
        """
        if self.task is None:
            return f"Top-1 is for {self.trained or reference_words(resolution)}{self.anew if anew else ''}."
        unknown = (
            " Not trained: the supernet holds no such design, so that it has no rank there." if anew else ""
        )
        return f"{self._ranks}.{unknown}"

    @property
    def anew(self) -> str:
        """What is behind a figure of a design that was changed, at the end of a title; empty where nothing is."""
        return "" if self.task else ", trained anew"

    def everywhere(self, resolution: int) -> str:
        """Say in a sentence or two what figures are of that hold on every device."""
        if self.task is None:
            return f"Predicted, for {self.trained or reference_words(resolution)}; the same on every device."
        return f"Predicted; the same on every device. {self.about(resolution)}"

    @property
    def _ranks(self) -> str:
        task = self.task
        assert task is not None
        return f"Ranks are by the loss in {task.supernet}, trained {task.trained}; they are no accuracies"


IMAGENET = AccuracyWords(None)
