"""Joint draws of the accuracy of several designs, for differences between them: what they share cancels.

Two designs of one space share the recipe, the family and most of the scaling law. The difference of two intervals knows
nothing of that; the difference within one draw does. A draw is of the accuracy that a design would reach on average over
training runs; the noise of a single run is left out.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.covariance import covariance_parts
from dsim.accuracy.misses import are_known
from dsim.accuracy.model import AccuracyModel
from dsim.accuracy.points import questions
from dsim.accuracy.recipe import Recipe
from dsim.accuracy.summary import FloatArray
from dsim.accuracy.surrogate import SMOOTH
from dsim.normal import HALF_90
from dsim.rounding import RELATIVE

_LEVEL = 0.9  # where held-out residuals say how wide a deviation is


def draw_top1(
    model: AccuracyModel,
    summaries: FloatArray,
    own: NDArray[np.int64],
    draws: int,
    seed: int,
    recipe: Recipe | None = None,
    designs: bool = False,
) -> FloatArray:
    """Draw the top-1 of designs jointly, at one recipe.

    Parameters
    ----------
    model
        A fitted model.
    summaries
        (N, S) of whole networks, all of one family that nobody has trained, or of dsim's own designs.
    own
        (N,) labels: designs with one label share what a network has of its own (those that differ in activation or norm
        alone, whose effects have an uncertainty of their own).
    draws, seed
        How many, and the seed.
    recipe
        How all of them would be trained; the reference recipe where it is left out.
    designs
        Whether they are designs, whose kin is known; see `AccuracyModel.predict`.

    Returns
    -------
    ndarray
        (draws, N) percent. Spread as wide as held-out residuals ask for; equal rows get equal draws.
    """
    surrogate, logs = model.surrogate, model.surrogate.logs
    points = questions(summaries, model.scaling, recipe)
    kin = model.kin_for(recipe, designs)
    told = surrogate.predict(points, kin)
    pivots = surrogate.known.take(surrogate.pivots)
    parts = covariance_parts(points, points, logs)
    cross = covariance_parts(points, pivots, logs)
    prior = sum((parts[name] for name in SMOOTH), start=np.zeros((len(points), len(points))))
    explained = (
        sum((cross[name] for name in SMOOTH), start=np.zeros((len(points), len(pivots)))) @ surrogate.root
    )
    # one family and one recipe for all; a network's own part goes by its label
    shared = np.exp(logs["family"]) + np.exp(logs["recipe_row"])
    alike = told.by_kin[:, None] == told.by_kin[None, :]
    if kin is not None:
        # designs that lie far from their kin are taken for another family, but the recipe stays
        shared = np.where(alike, shared, shared - kin.given)
        explained = explained + np.outer(told.by_kin, kin.lean)
        shared = shared - kin.told * np.outer(told.by_kin, told.by_kin)
    covariance = prior + shared - explained @ explained.T
    covariance += np.exp(logs["network"]) * (own[:, None] == own[None, :])
    rng = np.random.default_rng(seed)
    widen = model.misses.reach(_LEVEL, are_known(told.distance, points), told.by_kin) / HALF_90
    log_error = told.mean + widen * rng.standard_normal((draws, len(points))) @ symmetric_root(covariance)
    spread = symmetric_root(model.effects.covariance)
    effects = model.effects.mean + rng.standard_normal((draws, len(spread))) @ spread
    shift: FloatArray = model.effects.shift(summaries)
    return np.asarray(np.clip(100.0 - np.exp(log_error) + effects @ shift.T, 0.0, 100.0))


def symmetric_root(covariance: FloatArray) -> FloatArray:
    """Return the one symmetric matrix whose square is a covariance.

    Eigenvectors alone have any sign, and any direction among equals: which, is up to the processor, and so would draws be.
    """
    values, vectors = np.linalg.eigh(0.5 * (covariance + covariance.T))
    kept = np.where(values > RELATIVE * values.max(initial=0.0), values, 0.0)
    return np.asarray((vectors * np.sqrt(kept)) @ vectors.T)
