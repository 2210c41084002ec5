"""TaskModel: how high a design ranks among the designs of a supernet, learned from some that were evaluated.

It answers what a search asks of an accuracy model (`dsim.search.table.Accuracies`, `dsim.search.score.AccuracyPredictor`).
What stands there as top-1 is a rank here: the percentage of the space's designs that have a higher loss in the supernet.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from dsim.errors import InvalidValueError
from dsim.graph import Graph
from dsim.search.space import Space
from dsim.search.sums import Score
from dsim.supernet.task.features import ROUNDING, Bools, choices_of, features_of, inside
from dsim.supernet.task.score import ridge_score
from dsim.supernet.task.summary import Floats, summarise
from dsim.threads import one_blas_thread
from dsim.units import check_level

FOLDS = 10  # of the cross-validation over sub-networks
LEAST = 16  # sub-networks: fewer say too little of so many choices
CHUNK = 8192  # designs that are predicted at once


class Regressor(Protocol):
    """What scikit-learn's regressors with a deviation do."""

    def fit(self, x: Floats, y: Floats) -> Any:
        """Learn from rows of features (N, P) and values (N,)."""

    def predict(self, x: Floats, return_std: bool = False) -> Any:
        """Return values, and their standard deviations where asked for."""


def _ridge() -> Regressor:
    from sklearn.linear_model import BayesianRidge

    return BayesianRidge(max_iter=1000)  # type: ignore[no-any-return]


def _process() -> Regressor:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, DotProduct, WhiteKernel

    smooth = ConstantKernel(0.1, (1e-4, 1e2)) * RBF(5.0, (1.0, 1e2))
    linear = ConstantKernel(0.1, (1e-4, 1e2)) * DotProduct(1.0, "fixed")
    kernel = linear + smooth + WhiteKernel(0.1, (1e-5, 1e1))
    return GaussianProcessRegressor(kernel, normalize_y=True)  # type: ignore[no-any-return]


RIDGE = "ridge"
REGRESSORS: dict[str, Callable[[], Regressor]] = {RIDGE: _ridge, "gaussian process": _process}


@dataclass(frozen=True)
class Ranks:
    """Ranks of N designs in percent, with intervals; the names are those that a search asks for."""

    top1: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, eq=False)
class Evidence:
    """Evaluated sub-networks.

    Attributes
    ----------
    summaries
        (N, S), of the designs.
    losses
        (N,) on the search images.
    seed
        Of the folds of the cross-validation.
    """

    summaries: Floats
    losses: Floats
    seed: int

    def take(self, rows: NDArray[np.int64]) -> Evidence:
        """Return some of them."""
        return replace(self, summaries=self.summaries[rows], losses=self.losses[rows])

    def __len__(self) -> int:
        return len(self.losses)


@dataclass(frozen=True, eq=False)
class TaskModel:
    """A model that was learned; make one with `learn` or `dsim.supernet.task_model`.

    Attributes
    ----------
    space
        Of the supernet.
    evidence
        What it was learned from.
    regressor
        A key of `REGRESSORS`: what predicted best in the cross-validation.
    errors
        For each regressor, its error in the cross-validation, as a share of the spread of the losses: at 1 it knows nothing.
    fingerprint
        Hash of what it was learned from.
    learned
        Predicts logarithms of losses from `points`.
    misses
        How far off sub-networks were predicted from others, in units of the predicted deviation, in rising order.
    """

    space: Space
    evidence: Evidence
    regressor: str
    errors: dict[str, float]
    fingerprint: str
    learned: Regressor
    _mean: Floats
    _scale: Floats
    _least: Floats
    _most: Floats
    misses: Floats

    def summarise(self, graph: Graph) -> Floats:
        """Sum what a design, or a piece of one, is made of; see `dsim.supernet.task.summary.summarise`."""
        return summarise(graph, self.space.resolution)

    def losses(self, summaries: Floats, confidence: float = 0.9) -> tuple[Floats, Floats, Floats]:
        """Predict the loss (N,) that designs have in the supernet on its search images, with the ends of its interval.

        The interval is for a further sub-network: how far predictions missed sub-networks that they were not learned from
        (conformal, in units of the predicted deviation).

        Raises
        ------
        InvalidValueError
            The confidence is not between 0 and 1.
        """
        far = self._reach(confidence)
        value, deviation = predicted(self.learned, self.points(summaries))
        reach = far * deviation
        return np.exp(value), np.exp(value - reach), np.exp(value + reach)

    def _reach(self, confidence: float) -> float:
        """Return how many predicted deviations lie between an estimate and the ends of its interval."""
        check_level(confidence)
        rank = min(int(np.ceil((len(self.misses) + 1) * confidence)), len(self.misses))
        return float(self.misses[rank - 1])

    def score(self, confidence: float = 0.9) -> Score | None:
        """Return what lower ends of ranks are a function of, for `dsim.search.knapsack`; None where a process was learned."""
        if self.regressor != RIDGE:
            return None
        among = np.log(self.evidence.losses)
        return ridge_score(
            self.learned,
            self.points,
            self._mean,
            self._scale,
            self._reach(confidence),
            lambda values: ranks(values, among),
        )

    def predict(self, summaries: Floats, confidence: float = 0.9) -> Ranks:
        """Predict how high designs rank: the percentage of the space's designs that have a higher loss.

        Logarithms of losses are taken as normal for that, so that designs better than all that were evaluated still have
        an order.
        """
        found = self.losses(summaries, confidence)
        middle, high, low = (ranks(np.log(loss), np.log(self.evidence.losses)) for loss in found)
        return Ranks(middle, low, high)

    def in_region(self, summaries: Floats) -> Bools:
        """Tell which designs (N,) a search may choose.

        Those of the supernet's space in which no single choice lies beyond all that were evaluated: a width, a depth, an
        MLP ratio, how many attention blocks a stage has, and of which kind the others are.
        """
        table = np.atleast_2d(np.asarray(summaries, dtype=np.float64))
        values = choices_of(table)
        seen = (values >= self._least - ROUNDING) & (values <= self._most + ROUNDING)
        return inside(table, self.space) & np.asarray(seen.all(axis=1))

    def points(self, summaries: Floats) -> Floats:
        """Return the features (N, P) of designs, as the regressor learns from them."""
        table = np.atleast_2d(np.asarray(summaries, dtype=np.float64))
        return (features_of(table) - self._mean) / self._scale


@one_blas_thread()
def learn(space: Space, summaries: Floats, losses: Floats, seed: int, fingerprint: str) -> TaskModel:
    """Learn from evaluated sub-networks.

    Parameters
    ----------
    space
        Of the supernet.
    summaries
        (N, S), of the designs.
    losses
        (N,) on the search images.
    seed
        Of the folds.

    Raises
    ------
    InvalidValueError
        There are too few, or all have one loss.
    """
    if len(losses) < LEAST:
        raise InvalidValueError(
            f"a model of the task is learned from at least {LEAST} sub-networks, got {len(losses)}; use more"
        )
    values = np.log(losses)
    spread = float(values.std(ddof=1))
    if not spread > 0.0:
        raise InvalidValueError(
            "sub-networks must differ in their loss to learn from, and all have the same; train the supernet on more images"
        )
    raw = features_of(summaries)
    mean, scale = raw.mean(axis=0), raw.std(axis=0)
    scale = np.where(scale > 1e-9, scale, np.inf)  # what does not vary says nothing
    points = (raw - mean) / scale
    folds = np.random.default_rng(seed).permutation(len(values)) % FOLDS
    missed = {name: _held_out(make, points, values, folds) for name, make in REGRESSORS.items()}
    errors = {
        name: float(np.sqrt(np.mean((values - found) ** 2)) / spread) for name, (found, _) in missed.items()
    }
    chosen = min(errors, key=lambda name: errors[name])
    held, deviation = missed[chosen]
    choices = choices_of(summaries)
    return TaskModel(
        space,
        Evidence(summaries, losses, seed),
        chosen,
        errors,
        fingerprint,
        _fitted(REGRESSORS[chosen], points, values),
        mean,
        scale,
        choices.min(axis=0),
        choices.max(axis=0),
        np.sort(np.abs(values - held) / deviation),
    )


def _fitted(make: Callable[[], Regressor], points: Floats, values: Floats) -> Regressor:
    """Fit a regressor around the mean of the values."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    regressor = make()
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ConvergenceWarning
        )  # a bound that a kernel's length reaches is an answer too
        regressor.fit(points, values)
    return regressor


def _held_out(
    make: Callable[[], Regressor], points: Floats, values: Floats, folds: np.ndarray
) -> tuple[Floats, Floats]:
    """Predict every sub-network from those of the other folds: value and deviation (N,) each."""
    value, deviation = np.empty(len(values)), np.empty(len(values))
    for fold in range(FOLDS):
        out = folds == fold
        value[out], deviation[out] = predicted(_fitted(make, points[~out], values[~out]), points[out])
    return value, deviation


def deviations(values: Floats, among: Floats) -> Floats:
    """Return by how many standard deviations logarithms of losses (...) are lower than the mean of others (N,)."""
    return np.asarray((among.mean() - values) / among.std(ddof=1))


def ranks(values: Floats, among: Floats) -> Floats:
    """Return the percentage (...) of designs that have a higher logarithm of the loss, taken as normal.

    Parameters
    ----------
    values
        (...) logarithms of losses.
    among
        (N,) those of designs that stand for all.
    """
    return np.asarray(100.0 * ndtr(deviations(values, among)))


def predicted(regressor: Regressor, points: Floats) -> tuple[Floats, Floats]:
    """Predict in chunks: a process keeps a row for each sub-network that it was learned from."""
    parts = [regressor.predict(points[k : k + CHUNK], return_std=True) for k in range(0, len(points), CHUNK)]
    return np.concatenate([value for value, _ in parts]), np.concatenate([std for _, std in parts])
