"""Distil what few-shot learning says of the reference networks into rates that price any kernel.

Combining donors needs every donor's model; a search prices hundreds of thousands of designs. So fine rates and their
correction learn to say what the combination says (knowledge distillation, arXiv 1503.02531), and stand alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.methods.fine.correct import fit_correction
from dsim.latency.methods.fine.fit import fit_fine, priced
from dsim.latency.methods.fine.prior import Regime
from dsim.latency.methods.fine.rates import FineRates

NOISE = 0.05  # log-spread of the combination around rates
EXACT, LOOSE = (
    0.005,
    0.05,
)  # log-spread of the combination around rates and correction: of networks timed nearby, of others
INDUCING = 400
LENGTH = 0.5  # how far what is said of a network reaches
OWN_NOISE = 0.08  # log-spread of one figure
STRAY = 0.3  # how far a rate may stray from what the donors say, beside the figures of one's own


def distil(
    vectors: FloatArray,
    log_ms: FloatArray,
    regime: Regime,
    measured: NDArray[np.int64],
    timed: NDArray[np.int64],
) -> FineRates:
    """Learn rates that say what a combination says.

    Parameters
    ----------
    vectors, log_ms
        (N, F) fine vectors of the reference networks and (N,) what is said of them.
    regime
        What kind of stack it is.
    measured
        (n,) rows that were measured on the device: what they hold is surer than what they do not.
    timed
        Rows that were measured on the device or on a donor near it; there the correction is to be exact.
    """
    even = np.ones(len(vectors))
    rate = fit_fine(vectors, log_ms, even, regime, NOISE).log_rate
    left = log_ms - np.log(priced(vectors) @ np.exp(rate))
    noise = np.full(len(vectors), LOOSE)
    noise[timed] = EXACT
    correction = fit_correction(vectors, rate, left, INDUCING, noise, [int(n) for n in timed], LENGTH)
    part = priced(vectors[measured]) * np.exp(rate)
    share = part / part.sum(1, keepdims=True)
    covariance = np.linalg.inv(share.T @ share / OWN_NOISE**2 + np.eye(len(rate)) / STRAY**2)
    return FineRates(rate, covariance, correction)
