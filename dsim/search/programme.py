"""The mixed-integer programme of a knapsack: one option in each stage, and a downsampler between two, for the least score.

The score is ``weights @ x + reach * length(x)`` (`dsim.search.sums`). Two of its parts are no sums over options, and are relaxed so that
no design's score is below the programme's. The length is convex: planes that touch it lie below it. A logarithm is concave: it
lies below its tangents, and above the chord between two neighbouring points, of which binary variables choose one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.search.sums import Score
from dsim.search.table import Floats


@dataclass(frozen=True)
class Amounts:
    """What a design has in all of one thing: a sum of what its options and its downsamplers add.

    Attributes
    ----------
    stages
        For each stage (N,), by option.
    downs
        For each downsampler (W before, W), by the widths that it joins.
    """

    stages: tuple[Floats, ...]
    downs: tuple[Floats, ...]

    @property
    def ends(self) -> tuple[float, float]:
        """Two amounts that every design's lies between."""
        parts = (*self.stages, *self.downs)
        return sum(float(one.min()) for one in parts), sum(float(one.max()) for one in parts)

    def take(self, keep: Sequence[NDArray[np.int64]]) -> Amounts:
        """Return those of some options (N,) of each stage."""
        return Amounts(tuple(one[own] for one, own in zip(self.stages, keep, strict=True)), self.downs)


@dataclass(frozen=True)
class Programme:
    """What is asked.

    Attributes
    ----------
    widths
        For each stage (N,), the number of each option's width.
    score
        Whose least value is wanted.
    base, x
        Features (P,) that every design has, and what each option of a stage adds (N, P); those that are logarithms are 0.
    logs
        The amount behind each logarithm.
    limits
        What a design may have at most 1 of; at least one.
    needed
        What a design has at least 1 of.
    """

    widths: tuple[NDArray[np.int64], ...]
    score: Score
    base: Floats
    x: tuple[Floats, ...]
    logs: tuple[Amounts, ...]
    limits: tuple[Amounts, ...]
    needed: tuple[Amounts, ...] = ()
