"""What a comparison asks of accuracy, whichever it is judged by: ImageNet's top-1, or ranks on the user's own task."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy import load_accuracy_model
from dsim.accuracy.draws import draw_top1
from dsim.accuracy.model import AccuracyModel
from dsim.accuracy.refit import refit_accuracy
from dsim.arch import Arch
from dsim.search.table import Floats
from dsim.search.task import MarkedPredictor, TaskSource
from dsim.shift.families import in_half


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


def accuracy_of(source: TaskSource | None) -> Accuracy:
    """Return the accuracy of a task; that of ImageNet where there is none."""
    return _OfTask(source) if source else _ImageNet()


@dataclass(frozen=True)
class _ImageNet:
    source: None = None

    @property
    def model(self) -> AccuracyModel:
        return load_accuracy_model()

    def why_not(self, arch: Arch) -> str:
        return ""

    def draws(self, summaries: Floats, own: NDArray[np.int64], count: int, seed: int) -> Floats:
        return draw_top1(self.model, summaries, own, count, seed)

    def half(self, seed: int, split: int, half: int) -> AccuracyModel:
        return _refitted(seed, split, half)


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
