"""What the accuracy figure of a study is called: top-1 on ImageNet, or a rank on the user's own task."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.accuracy.recipe import reference_words
from dsim.search import Candidate
from dsim.search.task import Task


@dataclass(frozen=True)
class AccuracyWords:
    """The words.

    Attributes
    ----------
    task
        None for ImageNet.
    """

    task: Task | None

    @property
    def name(self) -> str:
        """What a figure is called."""
        return "rank" if self.task else "top-1"

    @property
    def column(self) -> str:
        """A column of such figures."""
        return f"{self.name} %"

    @property
    def best(self) -> str:
        """The design that a search wants."""
        return "the design of the highest rank" if self.task else "the most accurate design"

    def reached(self, design: Candidate) -> str:
        """Return what a design reaches, as the end of a sentence."""
        figures = f"{design.top1:.1f}% ({design.top1_low:.1f} to {design.top1_high:.1f})"
        if self.task:
            return f"ranks above {figures} of the supernet's designs"
        return f"reaches {figures} top-1"

    def about(self, resolution: int) -> str:
        """Say in a sentence what the figures are of."""
        if self.task is None:
            return f"Top-1 is on ImageNet-1k ({reference_words(resolution)})."
        return (
            f"Ranks are by the loss in {self.task.supernet}, trained {self.task.trained}; they are no accuracies, and have "
            "nothing to do with ImageNet."
        )
