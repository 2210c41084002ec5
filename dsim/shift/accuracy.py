"""What a comparison asks of accuracy, whichever it is judged by: ImageNet's top-1, or ranks on the user's own task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy import REFERENCE, Recipe, load_accuracy_model
from dsim.accuracy.asked_recipe import ForDesigns, read_recipe
from dsim.accuracy.model import AccuracyModel
from dsim.accuracy.refit import refit_accuracy
from dsim.arch import Arch
from dsim.search.table import CostTable, Floats
from dsim.search.task import MarkedPredictor, TaskSource
from dsim.shift.draws import PER_REFIT, DeviceDraws, Draws
from dsim.shift.families import in_half
from dsim.shift.panel import Panel
from dsim.shift.spec import ComparisonSpec


class Accuracy(Protocol):
    """The accuracy that designs are compared by."""

    @property
    def source(self) -> TaskSource | None:
        """The user's own task; None for ImageNet."""

    @property
    def model(self) -> MarkedPredictor:
        """Predicts it."""

    def why_not(self, arch: Arch) -> str:
        """Return why nothing is known of a design; empty where something is."""

    def draws(self, summaries: Floats, own: NDArray[np.int64], count: int, seed: int) -> Floats:
        """Draw it jointly (count, N) for designs with ``summaries`` (N, S) and labels ``own`` (N,) of `Panel.own`."""

    def half(self, seed: int, split: int, half: int) -> MarkedPredictor:
        """Return a model that was learned from one half of what there is to learn from.

        Raises
        ------
        InvalidValueError
            A half is too little.
        """


def accuracy_of(source: TaskSource | None, recipe: str = "") -> Accuracy:
    """Return the accuracy of a task, or of ImageNet for a whole recipe; for the reference recipe where that is empty."""
    if source:
        return _OfTask(source)
    return _ImageNet(
        read_recipe(recipe, REFERENCE.train_resolution) if recipe else None
    )  # it names its own px


@dataclass(frozen=True)
class _ImageNet:
    recipe: Recipe | None
    source: None = None

    @property
    def model(self) -> MarkedPredictor:
        return self._asked(load_accuracy_model())

    def why_not(self, arch: Arch) -> str:
        return ""

    def draws(self, summaries: Floats, own: NDArray[np.int64], count: int, seed: int) -> Floats:
        return self._asked(load_accuracy_model()).draw(summaries, own, count, seed)

    def half(self, seed: int, split: int, half: int) -> MarkedPredictor:
        return self._asked(_refitted(seed, split, half))

    def _asked(self, model: AccuracyModel) -> ForDesigns:
        return ForDesigns(model, self.recipe)


@lru_cache(maxsize=8)
def _refitted(seed: int, split: int, half: int) -> AccuracyModel:
    return refit_accuracy(in_half(seed, split, half))


@dataclass(frozen=True)
class _OfTask:
    source: TaskSource

    @property
    def model(self) -> MarkedPredictor:
        return self.source.model

    def why_not(self, arch: Arch) -> str:
        return self.source.why_not(arch)

    def draws(self, summaries: Floats, own: NDArray[np.int64], count: int, seed: int) -> Floats:
        return self.source.draws(summaries, count, seed)

    def half(self, seed: int, split: int, half: int) -> MarkedPredictor:
        return self.source.half(seed, split, half)


def draws_with(
    accuracy: Accuracy, spec: ComparisonSpec, panel: Panel, table: CostTable, on: Mapping[str, DeviceDraws]
) -> tuple[Draws, dict[int, str]]:
    """Add what designs reach to what they take: return the draws, and why nothing is known of some rows of the panel.

    Parameters
    ----------
    table
        Cuts designs into pieces, whose accuracy is asked for.
    on
        Milliseconds by device, with as many refits on each.
    """
    summaries = np.array([table.cut(table.whole(arch)).summary for arch in panel.archs])
    top1 = np.array(accuracy.model.predict(summaries, spec.confidence).top1)
    fewest = min(len(found.refit_log) for found in on.values())
    drawn = accuracy.draws(summaries, panel.own, fewest * PER_REFIT, spec.seed)
    why = {n: said for n, arch in enumerate(panel.archs) if (said := accuracy.why_not(arch))}
    top1[list(why)] = np.nan
    return Draws(panel, top1, drawn, dict(on), spec.confidence, frozenset(why), spec.task is not None), why
