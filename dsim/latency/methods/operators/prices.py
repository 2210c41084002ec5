"""Prices of kernels: a roofline as base, forests for what it leaves over, and the kernel's own times where it has some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.describe import describe
from dsim.latency.methods.operators.known import Known, know
from dsim.latency.methods.operators.roofline import Roofline, fit_roofline
from dsim.latency.methods.operators.trees import Forest, grow

MEMBERS = 8
TREES = 8  # in each member
LEAF = 2
SHARE = 0.5
# with fewer rows the base alone does better on shapes held out (58 of them: 10% median error against 14%); with 152
# trees do (12% against 24%)
ROWS_FOR_TREES = 100
# A source may pair shapes with the wrong times (PyTorch Mobile's Metal trace swaps shortcuts and bodies). Rows out of line
# with rows like them are left out where they are many; a few are the device's own
ROWS_TO_CLEAN = 400
OUT_OF_LINE = 0.4  # in log milliseconds
MANY = 0.08  # share of the rows
_ROUGH = (16, 12)  # trees and fewest rows in a leaf of the rough forest that tells


@dataclass(frozen=True)
class KernelPrices:
    """Milliseconds of kernels, by each member of an ensemble.

    Attributes
    ----------
    roofline
        The base.
    forest
        Log of measured over base, tree by tree; None where the rows are too few for trees.
    known
        Kernels timed as they are; None where there is no forest.
    """

    roofline: Roofline
    forest: Forest | None
    known: Known | None

    def ms(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return milliseconds (N, MEMBERS) of kernels (N) of classes that were timed."""
        if not kernels:
            return np.zeros((0, MEMBERS))
        x = describe(kernels)
        base = self.roofline.ms(x)
        if self.forest is None or self.known is None:
            return np.repeat(base[:, None], MEMBERS, axis=1)
        log = self.forest.predict(_with_base(x, base)).reshape(len(x), MEMBERS, -1).mean(2)
        ms: FloatArray = base[:, None] * np.exp(log)
        return self.known.blend(kernels, ms)

    def least_ms(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return the least that is counted (N, MEMBERS) for kernels (N) of classes that were never timed."""
        if not kernels:
            return np.zeros((0, MEMBERS))
        return np.repeat(self.roofline.least_ms(describe(kernels))[:, None], MEMBERS, axis=1)


def _with_base(x: FloatArray, base: FloatArray) -> FloatArray:
    """Add the base's log to the description, (N, D + 1): trees may split on it."""
    return np.hstack([x, np.log(base)[:, None]])


def fit_prices(
    kernels: Sequence[Kernel],
    ms: FloatArray,
    weight: FloatArray,
    dispatched: NDArray[np.bool_],
    exact: bool = False,
    seed: int = 0,
) -> KernelPrices:
    """Learn prices; deterministic.

    Parameters
    ----------
    kernels, ms, weight, dispatched
        (N) timed kernels, their milliseconds, weights, and whether a launch from outside is in them.
    exact
        Whether rows name the nodes of their networks' graphs: then none is paired with the wrong time, and none left out.
    seed
        Of the trees' random splits.
    """
    x = describe(kernels)
    roofline = fit_roofline(x, ms, weight, dispatched)
    if len(ms) < ROWS_FOR_TREES:
        return KernelPrices(roofline, None, None)
    wide, target = _over_base(roofline, x, ms, dispatched)
    if len(ms) >= ROWS_TO_CLEAN and not exact:
        rough = grow(wide, target, weight, *_ROUGH, SHARE, 1)
        keep = np.abs(target - np.median(rough.predict(wide), axis=1)) < OUT_OF_LINE
        if keep.mean() < 1.0 - MANY:
            x, ms, weight, dispatched = x[keep], ms[keep], weight[keep], dispatched[keep]
            kernels = [kernel for kernel, one in zip(kernels, keep, strict=True) if one]
            roofline = fit_roofline(x, ms, weight, dispatched)
            wide, target = _over_base(roofline, x, ms, dispatched)
    forest = grow(wide, target, weight, MEMBERS * TREES, LEAF, SHARE, seed)
    return KernelPrices(roofline, forest, know(kernels, roofline.ms(x) * np.exp(target)))


def _over_base(
    roofline: Roofline, x: FloatArray, ms: FloatArray, dispatched: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Return what trees learn from: descriptions with the base (N, D + 1), and log of measured over base (N,)."""
    base = roofline.ms(x)
    own = np.maximum(ms - roofline.floor_ms * dispatched, 0.1 * ms)
    return _with_base(x, base), np.log(own / base)
