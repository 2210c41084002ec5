"""Combine donors by a handful of measurements: Gaussian-process regression with the other devices as features.

A new device's log milliseconds are those of the donors that resemble it, plus a pace of its own, plus what donors differ by
from each other (a linear kernel on their columns), plus what networks that spend time alike share (Matern 3/2 on budgets of
time). Rasmussen and Williams, 2006, sections 2.7 and 4.2. Compare "latency as a task with other devices as source tasks" in
HELP (Lee et al., NeurIPS 2021, arXiv 2106.08630).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.maths.matern import matern

# chosen on every second chip of those bundled (scripts and figures: docs/adapting.md)
NOISE = 0.08  # log-spread of one figure around what is learned
FLOOR = 0.03  # mean error below which donors are equally near
SHARP = 2.0  # how steeply the start falls with a donor's error
PACE = 2.0  # log-spread of a device's own pace
CONTRAST = 0.8  # how far the new device may go along what donors differ by
ALIKE, LENGTH = 0.25, 0.4  # spread and reach of what networks that spend time alike share


@dataclass(frozen=True)
class Prior:
    """What is believed of a new device before its figures correct it.

    Attributes
    ----------
    start
        (D,) weights of the donors that it starts from.
    error
        (D,) mean error of each donor's column on the measured networks, after one factor.
    base
        (N,) their mean log milliseconds, without a pace.
    contrast
        (N, D) what each donor differs by from it, scaled by how near the donor is.
    places
        (N, Q) coordinates of the networks by how they spend time.
    """

    start: FloatArray
    error: FloatArray
    base: FloatArray
    contrast: FloatArray
    places: FloatArray

    def covariance(self, a: NDArray[np.int64], b: NDArray[np.int64]) -> FloatArray:
        """Return the covariance (A, B) between networks."""
        alike = ALIKE**2 * matern(self.places[a], self.places[b], LENGTH)
        return np.asarray(PACE**2 + CONTRAST**2 * self.contrast[a] @ self.contrast[b].T + alike)

    def left(self, asked: NDArray[np.int64], measured: NDArray[np.int64]) -> FloatArray:
        """Return the covariance (A, A) of networks that measuring others leaves."""
        across = self.covariance(asked, measured)
        gram = self.covariance(measured, measured) + NOISE**2 * np.eye(len(measured))
        return np.asarray(self.covariance(asked, asked) - across @ np.linalg.solve(gram, across.T))


def scaled_errors(
    table: FloatArray, measured: NDArray[np.int64], log_ms: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return each donor's log factor (D,) on measured networks, and its mean absolute error (D,) after it."""
    off = log_ms[:, None] - table[measured]
    factor = np.median(off, axis=0)
    return factor, np.abs(off - factor).mean(0)


def believe(table: FloatArray, places: FloatArray, measured: NDArray[np.int64], log_ms: FloatArray) -> Prior:
    """Choose donors by some measured networks.

    Parameters
    ----------
    table
        (N, D) log milliseconds by donor.
    places
        (N, Q) coordinates of the networks by how they spend time (`dsim.latency.methods.fine.correct.places`).
    measured, log_ms
        (n,) rows of the measured networks, each once, and their log milliseconds.
    """
    _, error = scaled_errors(table, measured, log_ms)
    weight = -SHARP * (len(measured) - 1) / 2.0 * np.log(error**2 + FLOOR**2)
    start = np.exp(weight - weight.max())
    start /= start.sum()
    base = (table - table[measured].mean(0)) @ start
    contrast = table - base[:, None]
    near = (error + FLOOR) ** -2.0
    contrast = (contrast - contrast[measured].mean(0)) * np.sqrt(near / near.sum())
    return Prior(start, error, base, contrast, places)


def combine(prior: Prior, measured: NDArray[np.int64], log_ms: FloatArray) -> FloatArray:
    """Predict log milliseconds (N,) of every network from those measured, rows (n,) and log milliseconds (n,)."""
    left = log_ms - prior.base[measured]
    level = left.mean()
    across = prior.covariance(np.arange(len(prior.base)), measured)
    gram = across[measured] + NOISE**2 * np.eye(len(measured))
    return np.asarray(prior.base + level + across @ np.linalg.solve(gram, left - level))
