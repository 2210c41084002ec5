"""The chance that a network leaves the accelerator, from what it is made of.

A ridge logistic regression on a handful of counts, learned from the listed cliffs (evidence from outside this model)
against the figures that are none. Other protocols than the reference (another app, another export) have a base rate of
their own, which estimates leave out. It is a base rate with a few warning signs, not a compiler.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import COUNTED, FloatArray

SIGNS = ("n_hardswish", "n_gate", "n_rank5", "n_tokens", "n_unknown")
PRIOR_SD = 1.0
SMALL = 1e-3  # a chance that is shown, as 0.1% or more
LEAVES = "chance that it leaves the accelerator"
# spread of a stack's own rate around its pool's, in logits; held-out Snapdragons cannot tell 0.5 from 3
OWN_SD = 1.0
NEVER, RARE = (
    -50.0,
    -3.0,
)  # constants of a device that no network can leave, and of one of which that is not known (5%)
# what warning signs are read from comes last in every vector
assert COUNTED[-len(SIGNS) :] == SIGNS


def signs(phi: FloatArray, count: int = len(SIGNS)) -> FloatArray:
    """Return warning signs (N, 1 + count) of vectors (N, F): a constant and whether the network has any of each."""
    present = (phi[:, phi.shape[1] - count :] > 0.5).astype(np.float64)
    return np.hstack([np.ones((len(phi), 1)), present])


def own_weights(held: NDArray[np.bool_], fell: NDArray[np.bool_]) -> FloatArray:
    """Learn weights (1 + K,) from a device's own networks alone, around the rate of one of which nothing is known.

    Parameters
    ----------
    held, fell
        Whether each network (n,) holds each warning sign (n, K), and whether it left the accelerator (n,).
    """
    x = np.hstack([np.ones((len(held), 1)), held.astype(np.float64)])
    start = np.zeros(x.shape[1])
    start[0] = RARE
    precision = np.diag([OWN_SD**-2, *[PRIOR_SD**-2] * held.shape[1]])
    weights = start
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-x @ weights))
        hessian = (x * (p * (1.0 - p))[:, None]).T @ x + precision
        step = np.linalg.solve(hessian, x.T @ (fell - p) - precision @ (weights - start))
        weights = weights + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights)


def shifted(weights: FloatArray, phi: FloatArray, fell: NDArray[np.bool_]) -> FloatArray:
    """Move a pool's weights by what one device's own networks did.

    Stacks differ in how often networks leave the accelerator, so the constant has an effect of the device's own, learned
    from a handful of networks around the pool's rate.

    Parameters
    ----------
    weights
        (1 + len(SIGNS),) of the pool; those of `no_cliffs` stand for a rate that nothing is known of.
    phi, fell
        (n, F) vectors of the device's networks, and whether each left the accelerator.
    """
    known = weights[0] > NEVER
    start = weights if known else np.array([RARE, *weights[1:]])
    if not known and not fell.any():
        return weights
    logit = signs(phi) @ start
    shift = 0.0
    for _ in range(100):
        p = 1.0 / (1.0 + np.exp(-(logit + shift)))
        step = ((fell - p).sum() - shift / OWN_SD**2) / ((p * (1.0 - p)).sum() + OWN_SD**-2)
        shift += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-9:
            break
    return np.array([start[0] + shift, *start[1:]])


def p_cliff(phi: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the chance (N,) of a cliff for vectors (N, F), which end in counts where a network can leave the accelerator."""
    if weights[0] <= NEVER:  # in a search this is asked of every design: no signs are read where none matters
        return np.zeros(len(phi))
    return chances(signs(phi, len(weights) - 1), weights)


def chances(held: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the chance (N,) of a cliff for warning signs (N, 1 + K), a constant before them, as `signs` returns them."""
    return np.asarray(1.0 / (1.0 + np.exp(-held @ weights)))


def chance_words(chance: float | None) -> str:
    """Say how likely a network leaves the accelerator, and what then; empty where that is negligible or not known."""
    if chance is None or chance < SMALL:
        return ""
    return f"{chance:.1%}, and then it is many times slower; the interval does not include that"


def no_cliffs() -> FloatArray:
    """Return weights of a device that no network can leave: a processor that runs every operator."""
    return np.array([NEVER, *[0.0] * len(SIGNS)])
