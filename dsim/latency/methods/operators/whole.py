"""From kernels to a network: what runs beside the kernels, learned from networks timed from end to end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.kernel_groups import GROUPS

ROUNDS = 12
FLOOR = 0.02
# spread of a group's own scale around that of all, and of its own start in milliseconds of the median network's kernel
SCALE_SD = 0.1
START_SD = 0.1
# Fewer do not tell groups apart: on phone GPUs with 86 networks scales by group raised the median error on families held
# out from 5.7 to 7.0% and from 2.8 to 3.6%
NETWORKS_FOR_GROUPS = 120
LEAST_NOISE = 0.01  # of a network's figure, as a share of it
GROUP_ROUNDS = 4


@dataclass(frozen=True)
class Whole:
    """``fixed_ms``, and for each group of kernels (G,) ``scales`` x their time and ``starts_ms`` x their number."""

    fixed_ms: float
    scales: FloatArray
    starts_ms: FloatArray

    def ms(self, kernels_ms: FloatArray, launches: FloatArray) -> FloatArray:
        """Return a network's milliseconds (N,) from its kernels' by group (N, G) and their numbers (N, G)."""
        total: FloatArray = self.fixed_ms + kernels_ms @ self.scales + launches @ self.starts_ms
        return total


def uniform(fixed_ms: float, scale: float, start_ms: float) -> Whole:
    """Return what treats all groups alike."""
    return Whole(fixed_ms, np.full(len(GROUPS), scale), np.full(len(GROUPS), start_ms))


ALONE = uniform(0.0, 1.0, 0.0)


def fit_whole(
    kernels_ms: FloatArray, launches: FloatArray, measured_ms: FloatArray, weight: FloatArray
) -> Whole:
    """Fit to networks: kernels' milliseconds and numbers by group (N, G), measured milliseconds and weights (N,).

    First what all groups share, by non-negative and robust least squares with relative errors counting. Then each group
    gets a scale and a start of its own as far as the networks ask for it: a ridge towards the shared ones, whose strength
    is the networks' noise over the spread that groups are expected to have. Where no network was timed, the kernels' sum
    stands as it is; fewer than NETWORKS_FOR_GROUPS share one scale.
    """
    if not len(measured_ms):
        return ALONE
    shared = _fit_shared(kernels_ms.sum(1), launches.sum(1), measured_ms, weight)
    if len(measured_ms) < NETWORKS_FOR_GROUPS:
        return shared
    return _by_group(shared, kernels_ms, launches, measured_ms, weight)


def _fit_shared(total: FloatArray, number: FloatArray, measured_ms: FloatArray, weight: FloatArray) -> Whole:
    from scipy.optimize import nnls  # slow to import, and an answer from the cache needs none

    columns = np.stack([np.ones(len(measured_ms)), total, number], axis=1) / measured_ms[:, None]
    scale = np.sqrt(weight)
    found = np.array([0.0, 1.0, 0.0])
    for _ in range(ROUNDS):
        found, _ = nnls(columns * scale[:, None], scale)
        scale = np.sqrt(weight / np.maximum(np.abs(columns @ found - 1.0), FLOOR))
    return uniform(*(float(value) for value in found))


def _by_group(
    shared: Whole, kernels_ms: FloatArray, launches: FloatArray, measured_ms: FloatArray, weight: FloatArray
) -> Whole:
    start = START_SD * float(np.median(kernels_ms.sum(1) / launches.sum(1)))
    columns = np.hstack([kernels_ms * SCALE_SD, launches * start]) / measured_ms[:, None]
    rest = 1.0 - shared.ms(kernels_ms, launches) / measured_ms
    share = weight / weight.mean()
    found = np.zeros(columns.shape[1])
    for _ in range(GROUP_ROUNDS):
        left = rest - columns @ found
        noise = max(float(np.median(np.abs(left))) / 0.6745, LEAST_NOISE)
        # errors beyond two of the noise count by their size alone
        own = share * np.minimum(1.0, 2.0 * noise / np.maximum(np.abs(left), 1e-9))
        square = columns.T @ (columns * own[:, None]) + noise**2 * np.eye(len(found))
        found = np.linalg.solve(square, columns.T @ (own * rest))
    scales, starts = found[: len(GROUPS)] * SCALE_SD, found[len(GROUPS) :] * start
    return Whole(shared.fixed_ms, shared.scales + scales, shared.starts_ms + starts)
