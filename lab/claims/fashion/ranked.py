"""How well each estimator ranks designs of about equal latency, beside what the seeds of the truth allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.kendall import taus
from lab.claims.fashion.inputs import Inputs
from lab.claims.fashion.rows import Estimate, Training
from lab.claims.interval import Counts, Interval, Values, resampled

BASE = "parameters"  # what a supernet must beat


@dataclass(frozen=True)
class Truth:
    """Test accuracies of designs that were trained alone.

    Attributes
    ----------
    designs
        Those of which every seed has been trained.
    accuracy
        Percent, one row a design, one column a seed.
    """

    designs: tuple[str, ...]
    accuracy: Values

    @property
    def mean(self) -> Values:
        """Over the seeds."""
        return np.asarray(self.accuracy.mean(axis=1))

    def between_seeds(self) -> Interval:
        """Return tau between the first two seeds, a ceiling of what an estimator can reach."""
        one, other = self.accuracy[:, 0], self.accuracy[:, 1]
        return resampled(len(one), lambda counts: taus(one, other, counts))

    def reliability(self) -> float:
        """Return the correlation of the mean of two seeds with that of two others (Spearman-Brown); 0 where the seeds disagree."""
        between = float(np.corrcoef(self.accuracy[:, 0], self.accuracy[:, 1])[0, 1])
        return max(2 * between / (1 + between), 0.0)

    def noise(self) -> float:
        """Return the deviation between two trainings of one design, in points."""
        return float(np.sqrt(self.accuracy.var(axis=1, ddof=1).mean()))


@dataclass(frozen=True)
class Rated:
    """How well one estimator ranks.

    Attributes
    ----------
    tau
        Kendall's tau with the truth.
    corrected
        The same divided by the root of the truth's reliability.
    over_base
        Its tau less that of `BASE`, over the same samples of designs.
    """

    estimator: str
    tau: Interval
    corrected: float
    over_base: Interval


def tau(one: Values, other: Values) -> float:
    """Return Kendall's tau-b; nan where one of the two lists has one value alone."""
    return float(taus(one, other, np.ones((1, len(one)), dtype=np.intp))[0])


def truth(trainings: Sequence[Training], designs: Sequence[str], inputs: Inputs) -> Truth:
    """Return the accuracies of the ranked designs; designs that lack a seed are left out."""
    found = {(one.design, one.seed): one.test_accuracy for one in _of_length(trainings, inputs.alone_images)}
    whole = tuple(one for one in designs if all((one, seed) in found for seed in inputs.ranked_seeds))
    rows = [[found[design, seed] for seed in inputs.ranked_seeds] for design in whole]
    return Truth(whole, np.array(rows, dtype=float).reshape(len(whole), len(inputs.ranked_seeds)))


def rated(known: Truth, estimates: Sequence[Estimate]) -> tuple[Rated, ...]:
    """Return how well every estimator ranks that has a value for each design, the best first."""
    values: dict[str, dict[str, float]] = {}
    for one in estimates:
        values.setdefault(one.estimator, {})[one.design] = one.value
    whole = {name: _row(known, own) for name, own in values.items() if set(known.designs) <= set(own)}
    base, mean, root = whole[BASE], known.mean, np.sqrt(known.reliability())

    def rate(name: str, row: Values) -> Rated:
        own = resampled(len(mean), lambda counts: taus(row, mean, counts))

        def lead(counts: Counts) -> Values:
            return taus(row, mean, counts) - taus(base, mean, counts)

        corrected = own.middle / root if root else np.nan
        return Rated(name, own, float(corrected), resampled(len(mean), lead))

    return tuple(sorted((rate(name, row) for name, row in whole.items()), key=lambda one: -one.tau.middle))


@dataclass(frozen=True)
class Converged:
    """How far from converged the trainings of the ranking are.

    Attributes
    ----------
    gain
        Points of test accuracy by the longer training, for each design that has both.
    tau
        Between the designs' order after the shorter and after the longer training; nan for fewer than two.
    """

    gain: tuple[float, ...]
    tau: float


def converged(trainings: Sequence[Training], inputs: Inputs) -> Converged:
    """Compare trainings of one seed and two lengths."""
    seed = inputs.ranked_seeds[0]
    long = {one.design: one.test_accuracy for one in _of_length(trainings, inputs.converged_images)}
    short = {
        one.design: one.test_accuracy
        for one in _of_length(trainings, inputs.alone_images)
        if one.seed == seed and one.design in long
    }
    both = [(short[design], long[design]) for design in short]
    order = tau(*np.array(both).T) if len(both) > 1 else np.nan
    return Converged(tuple(after - before for before, after in both), order)


def _of_length(trainings: Sequence[Training], images: int) -> list[Training]:
    return [one for one in trainings if one.images == images]


def _row(known: Truth, own: Mapping[str, float]) -> Values:
    return np.array([own[design] for design in known.designs])
