"""A function below the pessimistic error of designs, known around one point: value, slope, curvature, and what these miss at most.

Designs are sorted by ``100 - exp(u) + effect`` with ``u = mean + reach * sqrt(v + n)``, where mean and v, the variance that evidence
takes down, are a Gaussian process's, and n is what no evidence takes down. By Cauchy and Schwarz the process's covariance of two points
c and x, given the evidence, is at most sqrt(v(c) v(x)), so that

    u(x) >= mean(x) + reach * (k(c, x) + n) / sqrt(v(c) + n)

with the same value and slope at c. What stands on the right is a sum of Gaussian bells and a line in the sizes: a function in the space of
the process's kernel, of a norm N. Along i unit steps in one direction and j in another at right angles, the derivative of order i + j of
such a function is at most N s sqrt((2i - 1)!! (2j - 1)!!), s being the kernel's deviation. That holds what a Taylor polynomial misses.
It is pessimistic by much for low orders. So the third and the fourth derivative at c are made: as tensors over the few
directions in which designs differ most, and bounded by the norm of the matrices into which they unfold.

Source: C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, 2006, chapter 6 (the space of a kernel).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsim.accuracy.quick import Quick, QuickKin
from dsim.accuracy.summary import FloatArray

THIRD, FOURTH = (6, 9, 12, 16), 8  # directions that these derivatives are made over
FAR = 1.0  # of the kernel's lengths, from which they do not help
ROUNDED = 1e-9  # part of a distance
PLAIN = 1e-4  # of log-error: less is not worth a closer look


@dataclass(frozen=True)
class Bells:
    """A sum of bells around a point, as steps (J, D) to their middles and heights (J,) there; ``height`` is N s of it."""

    away: FloatArray
    weights: FloatArray
    height: float

    @property
    def slope(self) -> FloatArray:
        """First derivative (D,)."""
        return np.asarray(self.weights @ self.away)

    @property
    def curve(self) -> FloatArray:
        """Second derivative (D, D)."""
        curve = (self.away * self.weights[:, None]).T @ self.away
        return np.asarray(curve - float(self.weights.sum()) * np.eye(self.away.shape[1]))

    def missed(self, inside: float, beside: FloatArray) -> float:
        """Return what a polynomial of order two misses at most, for steps up to a length.

        Parameters
        ----------
        inside
            The length.
        beside
            (D,) the length beside the first direction at most, beside the first two, and so on.
        """
        plain = self.height * _factor(3, 0) * inside**3 / 6.0
        if plain < PLAIN or inside > FAR:
            return plain
        width = len(beside)
        third = self._third(min(max(THIRD), width))
        cubic = plain
        for count in sorted({min(count, width) for count in THIRD}):
            norm = float(np.linalg.norm(third[:count, :count, :count].reshape(count, -1), 2))
            cubic = min(cubic, self._of(3, norm, inside, float(beside[count - 1])))
        two = cubic + self.height * _factor(4, 0) * inside**4 / 24.0
        if two < PLAIN:
            return min(plain, two)
        count = min(FOURTH, width)
        norm = float(np.linalg.norm(self._fourth(count), 2))
        quartic = self._of(4, norm, inside, float(beside[count - 1]))
        return min(plain, two, cubic + quartic + self.height * _factor(5, 0) * inside**5 / 120.0)

    def _of(self, order: int, norm: float, inside: float, beside: float) -> float:
        """Return the most that a derivative adds, of which one part is known and what stands at right angles to it is not."""
        total = norm * inside**order
        for j in range(1, order + 1):
            steps = inside ** (order - j) * beside**j
            total += math.comb(order, j) * self.height * _factor(order - j, j) * steps
        return total / math.factorial(order)

    def _third(self, count: int) -> FloatArray:
        some, slope, eye = self.away[:, :count], self.slope[:count], np.eye(count)
        pairs = (some[:, :, None] * some[:, None, :]).reshape(len(some), -1)
        third = ((some * self.weights[:, None]).T @ pairs).reshape(count, count, count)
        third -= slope[:, None, None] * eye + eye[:, :, None] * slope + eye[:, None, :] * slope[:, None]
        return np.asarray(third)

    def _fourth(self, count: int) -> FloatArray:
        """Return the fourth derivative as a matrix of pairs."""
        some, eye = self.away[:, :count], np.eye(count)
        pairs = (some[:, :, None] * some[:, None, :]).reshape(len(some), -1)
        fourth = ((pairs * self.weights[:, None]).T @ pairs).reshape(count, count, count, count)
        square, total = (some * self.weights[:, None]).T @ some, float(self.weights.sum())
        both = square[:, :, None, None] * eye - 0.5 * total * eye[:, :, None, None] * eye
        both = both + both.transpose(2, 3, 0, 1)  # each of the three ways to pair up
        fourth -= both + both.transpose(0, 2, 1, 3) + both.transpose(0, 3, 2, 1)
        return np.asarray(fourth.reshape(count * count, -1))


def _factor(i: int, j: int) -> float:
    """Return sqrt((2i - 1)!! (2j - 1)!!)."""
    return math.sqrt(math.prod(range(1, 2 * i, 2)) * math.prod(range(1, 2 * j, 2)))


@dataclass(frozen=True)
class Local:
    """The function around one point, for steps d (D,) from it: at least ``value + slope @ d + d @ curve @ d / 2 - missed``.

    Attributes
    ----------
    value, slope, curve
        A number, (D,), (D, D).
    line
        (D,) what of the slope does not come from bells.
    structure, interplay
        The bells, for `missed`; the latter in stretched sizes.
    stretch
        (Z,) from the first coordinates to stretched sizes.
    """

    value: float
    slope: FloatArray
    curve: FloatArray
    line: FloatArray
    structure: Bells
    interplay: Bells
    stretch: FloatArray

    def missed(self, turn: FloatArray, inside: float, beside: FloatArray, sizes: FloatArray) -> float:
        """Return what is missed at most.

        Parameters
        ----------
        turn
            Directions (D, D) at right angles, those in which designs differ most first.
        inside, beside
            See `Bells.missed`.
        sizes
            How far steps go along each of the first coordinates (Z,).
        """
        turned = Bells(self.structure.away @ turn, self.structure.weights, self.structure.height)
        reach = sizes * self.stretch
        order = np.argsort(-reach)
        lengths = np.sqrt(np.append(np.cumsum(reach[order[::-1]] ** 2)[::-1], 0.0))
        apart = Bells(self.interplay.away[:, order], self.interplay.weights, self.interplay.height)
        return turned.missed(inside, beside) + apart.missed(float(lengths[0]), lengths[1:])

    def tangent_missed(self, inside: float, sizes: FloatArray) -> float:
        """Return what is missed at most without the curvature; ``inside`` and ``sizes`` as for `missed`."""
        return self._plainly(2, inside, sizes)

    def value_missed(self, inside: float, sizes: FloatArray) -> float:
        """Return what is missed at most without curvature and slope, but for the line."""
        return self._plainly(1, inside, sizes)

    def _plainly(self, order: int, inside: float, sizes: FloatArray) -> float:
        apart = float(np.sqrt(((sizes * self.stretch) ** 2).sum()))
        steps = ((self.structure.height, inside), (self.interplay.height, apart))
        return sum(height * _factor(order, 0) * far**order for height, far in steps) / math.factorial(order)


@dataclass(frozen=True)
class Lower:
    """Makes such functions for designs of one recipe and image size.

    Attributes
    ----------
    model
        In double precision.
    own
        The part of the variance that no evidence takes down.
    interplay
        Variance of the interplay of size and recipe.
    reach
        Standardised error of the lower end.
    kin
        What kin tells; where it is None, they hold for designs that are not estimated from it, else for those that are.
    """

    model: Quick
    own: float
    interplay: float
    reach: float
    kin: QuickKin | None

    @cached_property
    def _structure(self) -> FloatArray:
        return np.asarray(self.model.structure.lifted[:-2].T, dtype=np.float64)

    @cached_property
    def _alike(self) -> tuple[FloatArray, FloatArray]:
        """Middles (J, Z) of the interplay's bells, and their heights (J,)."""
        lifted = self.model.interplay.lifted
        at = np.asarray(lifted[:-2].T, dtype=np.float64)
        return at, np.exp(lifted[-1] + 0.5 * (at**2).sum(1))

    @cached_property
    def _norms(self) -> tuple[float, float]:
        """N s of the mean's two sums of bells."""
        q, (alike, heights) = self.model, self._alike
        return (
            _norm(self._structure, np.asarray(q.variance * q.structure.weights, dtype=np.float64)),
            _norm(alike, np.asarray(heights * q.interplay.weights, dtype=np.float64)),
        )

    def holds_for_none(self, at: FloatArray, inside: float) -> bool:
        """Tell whether all designs within a distance of coordinates (D,) are of the other kind than those that this holds for."""
        kin = self.model.kin
        if kin is None:
            return False
        away = self._structure[kin.columns] - at
        nearest, edge = math.sqrt(float((away**2).sum(1).min())), math.sqrt(kin.edge)
        if self.kin:
            return nearest - inside > edge * (1.0 + ROUNDED)
        return nearest + inside < edge * (1.0 - ROUNDED)

    def around(self, at: FloatArray, doubt: float) -> Local:
        """Return the function around coordinates (D,); ``doubt`` is a variance that no design has less of beside the process's."""
        q, (alike_at, heights) = self.model, self._alike
        stretch = q.sizes * q.stretch
        z = len(stretch)
        size = at[:z] * q.sizes
        away, apart = self._structure - at, alike_at - at[:z] * stretch
        near = q.variance * np.exp(-0.5 * (away**2).sum(1))
        alike = heights * np.exp(-0.5 * (apart**2).sum(1))
        count = len(q.root)
        pivots = np.concatenate([[1.0], size]) @ q.linear + near[:count] + alike[:count]
        seen, told, shift = pivots @ q.root, 0.0, 0.0
        if self.kin:  # the parts that are told of are one more constant of the process
            seen, told, shift = seen + self.kin.lean, self.kin.told, self.kin.shift
        prior = q.prior + q.by_size * float((size**2).mean()) - self.own
        known = max(prior - float(seen @ seen) - told, 0.0)
        rest = self.own + q.noise + doubt
        total = math.sqrt(known + rest)
        by, taken = self.reach / total, q.root @ seen
        mean = q.level + float(size @ q.slope) + shift
        mean += float(near @ q.structure.weights) + float(alike @ q.interplay.weights)
        line = q.slope - by * (q.linear[1:] @ taken) + by * q.by_size / z * size
        share = by * math.sqrt(known)
        found = []
        for steps, columns, there, top, norm in (
            (away, q.structure, near, q.variance, self._norms[0]),
            (apart, q.interplay, alike, self.interplay, self._norms[1]),
        ):
            weights = columns.weights.copy()
            weights[:count] -= by * taken
            # and one bell at the point itself
            own = np.zeros((1, steps.shape[1]))
            heights_ = np.concatenate([there * weights, [by * top]])
            found.append(Bells(np.concatenate([steps, own]), heights_, norm + share * math.sqrt(top)))
        structure, interplay = found
        straight = np.zeros(len(at))
        straight[:z] = line * q.sizes
        slope, curve = structure.slope + straight, structure.curve
        slope[:z] += interplay.slope * stretch
        curve[:z, :z] += interplay.curve * np.outer(stretch, stretch)
        return Local(mean + self.reach * total, slope, curve, straight, structure, interplay, stretch)


def lower_of(model: Quick, logs: Mapping[str, float], reach: float, by_kin: bool) -> Lower:
    """Return what makes such functions, for the logarithms of the process's variances and the standardised error of the lower end.

    Parameters
    ----------
    by_kin
        Whether for designs that are estimated from their kin, or for all others.
    """
    own = sum(math.exp(logs[name]) for name in ("family", "network", "recipe_row"))
    kin = model.kin if by_kin else None
    return Lower(model, own - (kin.given if kin else 0.0), math.exp(logs["interplay"]), reach, kin)


def _norm(at: FloatArray, weights: FloatArray) -> float:
    squares = (at**2).sum(1)
    bells = np.exp(np.minimum(at @ at.T - 0.5 * (squares[:, None] + squares[None, :]), 0.0))
    return math.sqrt(max(float(weights @ bells @ weights), 0.0))
