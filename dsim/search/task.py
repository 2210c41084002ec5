"""A study on the user's own task: whose ranks stand where top-1 stands, and what was trained and tested in the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from dsim.arch import Arch
from dsim.openers import open_with
from dsim.search.score import AccuracyPredictor
from dsim.search.space import Space
from dsim.search.space_file import as_space
from dsim.search.table import Floats

if TYPE_CHECKING:
    from dsim.search.result import StudyResult


# what files of such a study call the figures that stand where top-1 stands
RANK_KEYS = {"top1": "rank", "top1_low": "rank_low", "top1_high": "rank_high", "top1_for": "rank_for"}
TOP1_KEYS = {rank: top1 for top1, rank in RANK_KEYS.items()}


def renamed(value: Any, names: Mapping[str, str]) -> Any:
    """Return plain values in which some keys have other names."""
    if isinstance(value, Mapping):
        return {names.get(key, key): renamed(item, names) for key, item in value.items()}
    return [renamed(item, names) for item in value] if isinstance(value, list | tuple) else value


@dataclass(frozen=True)
class Task:
    """What a study on the user's own images is judged by.

    Attributes
    ----------
    supernet
        Name of the supernet's folder.
    trained
        What it was trained on, in words: ``on shapes, 160,000 images seen``.
    subnets
        Sub-networks from which the model of ranks was learned.
    designs
        How many of the best designs are trained alone, at most.
    images
        Pictures that those which come to the end are shown.
    classes
        Of the pictures: designs are priced with so many class scores.
    """

    supernet: str
    trained: str
    subnets: int
    designs: int
    images: int
    classes: int = 1000  # of studies made before it was kept

    @property
    def options(self) -> list[str]:
        """The options of ``dsim study`` that ask for it."""
        return [
            *("--accuracy", self.supernet, "--trained", str(self.designs)),
            *("--train-images", str(self.images), "--subnets", str(self.subnets)),
        ]

    @property
    def compared_options(self) -> list[str]:
        """The options of ``dsim compare`` that ask for it."""
        return ["--accuracy", self.supernet, "--subnets", str(self.subnets)]

    @property
    def middle(self) -> str:
        """What the design in the middle of the supernet's space is called."""
        return f"the middle design of {self.supernet}"

    @property
    def words(self) -> str:
        """What a rank is, as the end of a sentence."""
        return (
            f"share of the designs of {self.supernet} that have a higher loss in it; trained {self.trained}"
        )


@dataclass(frozen=True)
class TrainedDesign:
    """A design that was trained by itself.

    Attributes
    ----------
    images
        Pictures that it was shown.
    search_loss
        On the pictures on which designs are compared.
    accuracy, low, high
        Percent of the test pictures that it gets right, and the interval at 95%; None where it was stopped before.
    test_images
        How many these are.
    """

    arch: Arch
    images: int
    search_loss: float
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    test_images: int = 0

    @property
    def words(self) -> str:
        """What it reached, in words."""
        if self.accuracy is None:
            return f"stopped after {self.images:,} images, not tested"
        return (
            f"{self.accuracy:.1f}% ({self.low:.1f} to {self.high:.1f}) of {self.test_images:,} images that no step has seen, "
            f"trained alone on {self.images:,}"
        )


class MarkedPredictor(AccuracyPredictor, Protocol):
    """What predicts top-1, or ranks, and knows what it was learned from."""

    @property
    def fingerprint(self) -> str:
        """Hash of what it was learned from."""


class TaskSource(Protocol):
    """What a study or a comparison needs of the user's own task."""

    @property
    def task(self) -> Task:
        """What it is, in words and numbers."""

    @property
    def model(self) -> MarkedPredictor:
        """The model of ranks."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result must know, one sentence each, without a full stop."""

    @property
    def middle(self) -> Arch:
        """The design in the middle of the supernet's space, whose latency sets budgets where nobody says any."""

    def why_not(self, arch: Arch) -> str:
        """Return why a design has no rank; empty where it has one."""

    def draws(self, summaries: Floats, count: int, seed: int) -> Floats:
        """Draw the ranks (count, N) of designs jointly, by drawing sub-networks again; ``summaries`` (N, S)."""

    def half(self, seed: int, split: int, half: int) -> MarkedPredictor:
        """Return a model of ranks that was learned from one half (0 or 1) of the sub-networks.

        Raises
        ------
        InvalidValueError
            A half is too little to learn from.
        """

    def space(self, asked: Space | None) -> Space:
        """Return what may be searched: what is asked for, or all that the supernet holds.

        Raises
        ------
        InvalidValueError
            It goes beyond the supernet's space.
        """

    def finish(self, result: StudyResult) -> StudyResult:
        """Train the best designs alone and test those that come to the end; the best of them is what is chosen."""


def source_of(accuracy: TaskSource | str | Path | None) -> TaskSource | None:
    """Return what ranks designs where a supernet's folder may be given in its place; None stays None."""
    found: TaskSource | None = (
        open_with("accuracy", accuracy) if isinstance(accuracy, str | Path) else accuracy
    )
    return found


def space_asked(space: Space | str | Path | None, source: TaskSource | None) -> Space:
    """Return what may be searched: what is asked for, see `as_space`, else all that the supernet holds, else `Space()`.

    Raises
    ------
    DsimError
        It is no space, its file cannot be read, or it goes beyond the supernet's space.
    """
    if source is None:
        return as_space(space) or Space()
    return source.space(as_space(space, source.space(None)))
