"""What the model of ranks owes to the sub-networks that it was learned from: draws of them, and halves.

Two designs of one space share most of what a model says of them. The difference of two intervals knows nothing of that; the
difference within one draw does.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dsim.normal import HALF_90
from dsim.supernet.task.model import REGRESSORS, Regressor, TaskModel, deviations, learn, predicted
from dsim.supernet.task.summary import Floats
from dsim.threads import one_blas_thread

_LEVEL = 0.9  # where misses say how wide a deviation is


@one_blas_thread()
def draw_ranks(model: TaskModel, summaries: Floats, draws: int, seed: int) -> Floats:
    """Draw the ranks of designs jointly.

    In each draw the sub-networks are drawn again with replacement, and the regressor learns from these; designs are ranked
    among them. To that comes what each design has of its own and no regressor sees: so much that both together are as wide
    as sub-networks were mispredicted that the model was not learned from. The median of a design's draws is its rank.

    Parameters
    ----------
    summaries
        (N, S) of designs.
    draws, seed
        How many, and the seed.

    Returns
    -------
    ndarray
        (draws, N) percent; equal rows get equal draws.
    """
    table, where = np.unique(np.asarray(summaries, dtype=np.float64), axis=0, return_inverse=True)
    asked, known = model.points(table), model.points(model.evidence.summaries)
    losses = np.log(model.evidence.losses)
    found = np.empty((draws, len(table)))
    value, deviation = predicted(model.learned, asked)
    wide = float(np.quantile(model.misses, _LEVEL)) / HALF_90 * deviation
    among = []
    for draw in range(draws):
        rows = np.random.default_rng([seed, draw]).integers(0, len(losses), len(losses))
        again = relearned(model, known[rows], losses[rows])
        found[draw] = predicted(again, asked)[0]
        among.append(losses[rows])
    own = np.sqrt(np.maximum(wide**2 - found.var(axis=0), 0.0))
    found += own * np.random.default_rng(seed).standard_normal(found.shape)
    drawn = np.array([deviations(values, others) for values, others in zip(found, among, strict=True)])
    # fewer distinct sub-networks make flatter models: draws scatter about what the model of all of them says
    drawn += deviations(value, losses) - np.median(drawn, axis=0)
    return np.asarray(100.0 * ndtr(drawn[:, where.ravel()]))


def relearned(model: TaskModel, points: Floats, values: Floats) -> Regressor:
    """Fit a model's regressor to other points; a process keeps the kernel that was found for all."""
    again: Any = REGRESSORS[model.regressor]()
    kernel = getattr(model.learned, "kernel_", None)
    if kernel is not None:
        again.set_params(kernel=kernel, optimizer=None)
    again.fit(points, values)
    regressor: Regressor = again
    return regressor


def half_of(model: TaskModel, seed: int, split: int, half: int) -> TaskModel:
    """Learn from one half (0 or 1) of the sub-networks; a split's halves share none.

    Raises
    ------
    InvalidValueError
        A half is too little to learn from.
    """
    order: NDArray[np.int64] = np.random.default_rng([seed, split]).permutation(len(model.evidence))
    some = model.evidence.take(np.sort(order[half::2]))
    mark = f"{model.fingerprint}, half {half} of split {split} by seed {seed}"
    return learn(model.space, some.summaries, some.losses, some.seed, mark)
