"""The accuracy model for a search: the same figures, arranged so that a core scores some hundred thousand designs a second.

All that does not depend on the design is worked out once: results that share their coordinates are one column, the recipe's
distance is a height of each column, and the linear parts are one product. What is left are two matrices of exponents, each
from one matrix product, and the product with the root, which is turned into a triangle: half of it is zeros, and the squares
that it is for stay the same. In single precision that is twice as fast, and off by up to `LOOSE` points: enough to sort designs
by, if those near the front are then scored in double precision.

In single precision the mean's interplay is told from the pivots alone. It is smooth in three sizes, so that the combination of
the pivots' columns that lies nearest to it, in the norm of the kernel's own space, is the same function to 1e-8.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import blas

from dsim.accuracy.columns import LEAST, Columns, Floats, columns_of, in_precision, lift, of_pivots, places_of
from dsim.accuracy.covariance import (
    STRUCTURE,
    Points,
    noise_variance,
    squared_distance,
    structure_coordinates,
)
from dsim.accuracy.effects import Effects, deviations
from dsim.accuracy.features import LAYOUTS, NAMES, featurise
from dsim.accuracy.kin import KIN_REGION, Kin
from dsim.accuracy.misses import REGION, Misses
from dsim.accuracy.points import Scaling, questions
from dsim.accuracy.recipe import Recipe
from dsim.accuracy.summary import INDEX, FloatArray
from dsim.accuracy.surrogate import Surrogate

LOOSE = 4e-3  # points of top-1 by which single precision may be off
NEAR = 1e-4  # part of the squared distance within which single precision cannot tell the side of the region's edge
# designs whose features are made at once, and whose kernel is: both stay in the cache
BLOCK, CHUNK = 1024, 256

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Lows:
    """What a search sorts N designs by.

    Attributes
    ----------
    low
        (N,) lower end of top-1 in percent.
    in_region
        (N,) whether a search may choose them; in single precision also those that lie on the edge.
    """

    low: FloatArray
    in_region: Bools


@dataclass(frozen=True)
class Ask:
    """What a `Quick` is made for.

    Attributes
    ----------
    side
        Of the image in pixels, the same for all designs.
    recipe
        How designs would be trained; the reference recipe where it is None.
    single
        Whether in single precision.
    designs
        Whether they are dsim's own, whose kin is known.
    """

    side: int
    recipe: Recipe | None
    single: bool
    designs: bool = False


@dataclass(frozen=True)
class QuickKin:
    """What kin tells of designs (`dsim.accuracy.kin.Kin`), arranged likewise.

    Attributes
    ----------
    columns
        The kin's, of the structure.
    shift, told, given
        As there.
    lean
        (P,), of products with the triangle.
    edge
        Squared distance up to which it tells something.
    """

    columns: NDArray[np.int64]
    shift: float
    lean: Floats
    told: float
    given: float
    edge: float


@dataclass(frozen=True)
class Quick:
    """The model for designs of one recipe and image size, in one precision; `quick` makes it."""

    effects: Effects
    misses: Misses
    stated: bool  # whether the recipe says its schedule
    edge: float  # squared distance up to which a search may go
    pick: NDArray[np.int64]  # (D,) features of the structure, those of size first
    center: FloatArray  # (D,)
    scale: FloatArray  # (D,)
    sizes: FloatArray  # (Z,) from structure's coordinates to standard sizes
    stretch: float  # from standard sizes to the interplay's coordinates
    structure: Columns
    interplay: Columns
    variance: float  # of the structure: the height of all its columns
    linear: Floats  # (1 + Z, P) of the pivots' kernel: what all designs share, and by size
    root: Floats  # (P, P) lower triangle: what is explained of a design's variance is |k[pivots] @ root|^2
    level: float  # of the mean
    slope: FloatArray  # (Z,) of the mean by size
    by_size: float  # variance by size
    prior: float
    floor: float
    noise: float
    kin: QuickKin | None

    def lows(self, summaries: FloatArray, confidence: float) -> Lows:
        """Return what a search sorts designs by; ``summaries`` (N, S)."""
        table = np.asfortranarray(summaries)
        mean, variance, squares = np.empty((3, len(table)))
        near = np.empty(len(table), dtype=bool)
        for k in range(0, len(table), BLOCK):
            cut = slice(k, k + BLOCK)
            mean[cut], variance[cut], squares[cut], near[cut] = self._block(table[cut])
        effects = self.effects
        shift = effects.shift(table)
        effect, doubt = shift @ effects.mean, ((shift @ effects.covariance) * shift).sum(1)
        error = np.exp(mean)
        inside = squares <= self.edge * self._slack
        other, known, kin = self._reach(confidence)
        reach = np.where(near, kin, np.where(inside & self.stated, known, other))
        reach *= deviations(variance, doubt, error)
        low = np.clip(100.0 - error * np.exp(reach) + effect, 0.0, 100.0)
        return Lows(low, inside)

    @property
    def _slack(self) -> float:
        """By how much an edge is widened: in single precision, designs on it count as within."""
        return 1.0 if self.root.dtype == np.float64 else 1.0 + NEAR

    def _block(self, table: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray, Bools]:
        """Return mean, variance and squared distance to known networks of designs (N, S), and which are estimated from their kin."""
        at = (featurise(table)[:, self.pick] - self.center) * self.scale
        size = at[:, : len(self.sizes)] * self.sizes
        kind = self.root.dtype
        structure, interplay = lift(at).astype(kind), lift(size * self.stretch).astype(kind)
        lines = np.hstack([np.ones((len(at), 1)), size]).astype(kind)
        mean, explained, nearest = np.empty((3, len(at)))
        by_kin = np.zeros(len(at), dtype=bool)
        for k in range(0, len(at), CHUNK):
            cut = slice(k, k + CHUNK)
            mean[cut], explained[cut], nearest[cut], by_kin[cut] = self._chunk(
                structure[cut], interplay[cut], lines[cut]
            )
        prior = self.prior + self.by_size * (size**2).mean(1)
        variance = np.maximum(prior - explained, self.floor) + self.noise
        return mean + self.level + size @ self.slope, variance, self._squares(nearest), by_kin

    def _squares(self, exponents: Floats) -> FloatArray:
        """Return the squared distances to the structure's columns of products with them."""
        return np.asarray(np.maximum(-2.0 * (exponents - np.log(self.variance)), 0.0), dtype=np.float64)

    def _chunk(
        self, structure: Floats, interplay: Floats, lines: Floats
    ) -> tuple[Floats, Floats, Floats, Bools]:
        count, rows = len(self.root), len(lines)
        near, alike, pivots = (room[:rows] for room in self._rooms())
        np.matmul(structure, self.structure.lifted, out=near)
        nearest = near.max(1)
        by_kin = np.zeros(rows, dtype=bool)
        if self.kin:
            by_kin = self._squares(near[:, self.kin.columns].max(1)) <= self.kin.edge * self._slack
        np.exp(near, out=near)
        np.matmul(interplay, self.interplay.lifted, out=alike)
        np.exp(alike, out=alike)
        mean = near @ self.structure.weights + alike @ self.interplay.weights
        np.matmul(lines, self.linear, out=pivots)
        pivots += near[:, :count]
        pivots += alike[:, :count]
        multiply = blas.strmm if self.root.dtype == np.float32 else blas.dtrmm
        # BLAS counts along columns: to it both are transposed, and the root is an upper triangle
        seen = multiply(1.0, self.root.T, pivots.T, side=0, lower=0, trans_a=0, overwrite_b=1).T
        explained = np.einsum("np,np->n", seen, seen)
        if self.kin:
            # |seen + lean|^2, without another matrix
            more = 2.0 * (seen @ self.kin.lean) + float(self.kin.lean @ self.kin.lean) + self.kin.told
            explained += by_kin * more
            mean += by_kin * self.kin.shift
        return mean, explained, nearest, by_kin

    def _rooms(self) -> tuple[Floats, ...]:
        """Return memory for one chunk, the same each time: fresh memory costs as much as what is written into it."""
        if not hasattr(self._here, "rooms"):
            widths = (self.structure.lifted.shape[1], self.interplay.lifted.shape[1], len(self.root))
            self._here.rooms = tuple(np.empty((CHUNK, width), self.root.dtype) for width in widths)
        rooms: tuple[Floats, ...] = self._here.rooms
        return rooms

    def _reach(self, confidence: float) -> FloatArray:
        """Return the standardised errors that a share of results keeps to: beyond what is known, within, and of kin."""
        # kept, for to sort them takes longer than to score a design
        if confidence not in self._reaches:
            known = np.array([False, True, True])
            self._reaches[confidence] = self.misses.reach(confidence, known, np.array([False, False, True]))
        return self._reaches[confidence]

    @cached_property
    def _reaches(self) -> dict[float, FloatArray]:
        return {}

    @cached_property
    def _here(self) -> threading.local:
        return threading.local()


def quick(
    scaling: Scaling, surrogate: Surrogate, effects: Effects, misses: Misses, ask: Ask, kin: Kin | None
) -> Quick:
    """Prepare a model, whose parts these are, for what is asked; ``kin`` tells of the designs."""
    logs, known, pivots = surrogate.logs, surrogate.known, surrogate.pivots
    asked = questions(_empty(ask.side), scaling, ask.recipe)
    kind: type[np.floating[Any]] = np.float32 if ask.single else np.float64

    def variance(name: str) -> float:
        return float(np.exp(logs[name]))

    # the recipe: how far each result's lies from the one asked about
    apart = squared_distance(asked.groups["recipe"], known.groups["recipe"])[0]
    heights = np.exp(logs["interplay"] - 0.5 * apart * np.exp(-2.0 * logs["interplay_recipe"]))
    training = (asked.groups["recipe"] @ known.groups["recipe"].T)[0] / asked.groups["recipe"].shape[1]
    fixed = variance("training") * training + variance("constant")
    sizes = known.groups["size"]
    by_size = (variance("size") / sizes.shape[1]) * sizes

    layout = LAYOUTS[scaling.layout]
    pick = np.array([NAMES.index(name) for group in STRUCTURE for name in layout[group]])
    lengths = np.concatenate(
        [np.full(len(layout[g]), np.exp(logs[f"structure_{g}"]) * np.sqrt(len(layout[g]))) for g in STRUCTURE]
    )
    stretch = float(np.exp(-logs["interplay_size"]) / np.sqrt(sizes.shape[1]))
    # |k @ root|^2 is |k @ triangle|^2: the rotation between them keeps lengths
    rotation, upper = np.linalg.qr(surrogate.root.T)
    triangle = upper.T
    places = structure_coordinates(known, logs)
    structure = columns_of(
        places,
        pivots,
        surrogate.weights * variance("structure"),
        np.full(len(known), variance("structure")),
    )
    interplay = columns_of(sizes * stretch, pivots, surrogate.weights * heights, np.maximum(heights, LEAST))
    if ask.single:
        interplay = of_pivots(interplay, len(pivots))
    own = sum(variance(name) for name in ("family", "network", "recipe_row"))
    prior = own + sum(variance(name) for name in ("constant", "structure", "interplay"))
    return Quick(
        effects,
        misses,
        not asked.unstated.any(),
        REGION**2,
        pick,
        scaling.feature_mean[pick],
        1.0 / (scaling.feature_spread[pick] * lengths),
        lengths[: sizes.shape[1]],
        stretch,
        in_precision(structure, kind),
        in_precision(interplay, kind),
        variance("structure"),
        np.vstack([fixed[pivots], by_size[pivots].T]).astype(kind),
        np.ascontiguousarray(triangle, dtype=kind),
        surrogate.offset + float(fixed @ surrogate.weights),
        by_size.T @ surrogate.weights,
        variance("size"),
        prior + variance("training") * float((asked.groups["recipe"] ** 2).mean()),
        variance("noise") + variance("network"),
        _noise(asked, logs),
        _quick_kin(kin, places_of(structure, places[kin.rows]), rotation, kind) if kin else None,
    )


def _quick_kin(
    kin: Kin, columns: NDArray[np.int64], rotation: FloatArray, kind: type[np.floating[Any]]
) -> QuickKin:
    """Arrange what kin tells, whose columns are given, for the rotation (P, P) from the root to the triangle."""
    lean = (kin.lean @ rotation).astype(kind)
    return QuickKin(columns, kin.shift, lean, kin.told, kin.given, KIN_REGION**2)


def _empty(side: int) -> FloatArray:
    """Return the summary (1, S) of nothing but an image."""
    table = np.zeros((1, len(INDEX)))
    table[0, INDEX["input_positions"]] = side**2
    return table


def _noise(asked: Points, logs: dict[str, float]) -> float:
    return float(noise_variance(asked, logs)[0])
