"""What a model of accuracy must say of itself so that the best design of a whole space can be told from sums over its choices.

The lower end that designs are sorted by is a falling function of one score, and the score is

    constant + weights @ x + reach * sqrt(floor + |root @ x|^2)

where x are features of a design. Each is a sum over its stages of what depends on a stage alone, but for the last few, which are
logarithms of amounts that sum over pieces. So the score is a sum over choices, but for logarithms and one length: both can be held
between planes (`dsim.search.knapsack`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.local import Lower
from dsim.search.table import Floats


@dataclass(frozen=True)
class LogFeature:
    """A feature that is the logarithm of an amount: (log of column ``column`` of a summary - ``mean``) / ``scale``."""

    column: int
    mean: float
    scale: float


@dataclass(frozen=True)
class Score:
    """A model of accuracy as a score, the smaller the better.

    Attributes
    ----------
    features
        Returns x (N, P) of designs, for their summaries (N, S).
    logs
        Of the last features of x.
    constant, weights, reach, floor, root
        Of the score: numbers, (P,), a number that is not negative, a positive number, (Q, P).
    low
        Returns lower ends in percent (N,) for scores (N,).
    """

    features: Callable[[Floats], Floats]
    logs: tuple[LogFeature, ...]
    constant: float
    weights: Floats
    reach: float
    floor: float
    root: Floats
    low: Callable[[Floats], Floats]

    def __call__(self, x: Floats) -> Floats:
        """Return scores (N,) of features (N, P)."""
        return np.asarray(self.constant + x @ self.weights + self.reach * self.length(x))

    def length(self, x: Floats) -> Floats:
        """Return sqrt(floor + |root @ x|^2), shape (N,)."""
        return np.asarray(np.sqrt(self.floor + ((x @ self.root.T) ** 2).sum(axis=1)))

    def plane(self, x: Floats) -> tuple[float, Floats]:
        """Return constant and slope (P,) of the plane that touches the length at x (P,), and is nowhere above it."""
        there = float(self.length(x[None])[0])
        slope = np.asarray(self.root.T @ (self.root @ x)) / there
        return there - float(slope @ x), slope


@runtime_checkable
class ScoredBySums(Protocol):
    """A model of accuracy that may be such a score."""

    def score(self, confidence: float) -> Score | None:
        """Return the score whose function the lower end at this confidence is; None where there is no such score."""


@runtime_checkable
class BoundedLocally(Protocol):
    """A model of accuracy that can be held from above around any point of its features."""

    def bounds(self, side: int, confidence: float) -> tuple[Lower, ...]:
        """Return what bounds the lower ends of designs for images of a side in pixels, one for each question that designs may ask."""


class LeastSums(Protocol):
    """Sums over pieces that no design needs less than; see `dsim.latency.sums.LeastSums`."""

    def signs(self, phi: Floats) -> NDArray[np.bool_]:
        """Return which warning signs (K, S) pieces hold."""

    def needs_ms(self, phi: Floats, there: Floats, held: tuple[bool, ...]) -> tuple[Floats, float] | None:
        """Return what pieces (K,) add to the budget that a design with these signs (S,) needs at least, and what it needs beside them.

        As near as can be at a design ``there`` (F,); None where nothing is known.
        """


@runtime_checkable
class BoundedBySums(Protocol):
    """A latency model that may know such sums."""

    def sums(self, chance: float) -> LeastSums | None:
        """Return the sums for a chance of fitting the budget; None where the model knows none."""
