"""AccuracyModel: top-1 of designs at the reference recipe, with an interval and a distance to what is known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsim.accuracy.effects import Effects, deviations, log_errors
from dsim.accuracy.evidence import Results
from dsim.accuracy.kin import Kin, kin_residuals, relatives_of
from dsim.accuracy.local import Lower, lower_of
from dsim.accuracy.misses import REGION, Misses, are_known, known_rows, misses_of
from dsim.accuracy.points import Scaling, points_of, questions, resolutions_of, scaling_of
from dsim.accuracy.process import covariance, leave_groups_out
from dsim.accuracy.quick import Ask, Lows, Quick, quick
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.accuracy.summary import FloatArray, summarise
from dsim.accuracy.surrogate import Surrogate, fit_surrogate
from dsim.graph import Graph
from dsim.threads import one_blas_thread
from dsim.units import check_level


@dataclass(frozen=True)
class AccuracyArrays:
    """Estimates for N designs.

    Attributes
    ----------
    top1, low, high
        Shape (N,), percent, for the recipe asked about; the interval is for one training run of a new design.
    distance
        Shape (N,), to the nearest known network, in the structure kernel's own lengths.
    by_kin
        Shape (N,), whether the estimate rests on kin.
    """

    top1: FloatArray
    low: FloatArray
    high: FloatArray
    distance: FloatArray
    by_kin: np.ndarray


@dataclass(frozen=True)
class AccuracyModel:
    """A fitted model; make one with `fit` or `dsim.accuracy.cache.load_accuracy_model`.

    Attributes
    ----------
    scaling
        How features are standardised.
    surrogate
        The process, conditioned on the published results, for the reference recipe.
    effects
        What activations and norms do.
    misses
        How far held-out results were off, in deviations: what an interval is calibrated on.
    fingerprint
        Hash of the data and code that the model was made from; empty for a model made by hand.
    """

    scaling: Scaling
    surrogate: Surrogate
    effects: Effects
    misses: Misses
    fingerprint: str = ""

    @staticmethod
    def summarise(graph: Graph) -> FloatArray:
        """Sum what a network is made of; see `dsim.accuracy.summary.summarise`."""
        return summarise(graph)

    def predict(
        self,
        summaries: FloatArray,
        confidence: float = 0.9,
        recipe: Recipe | None = None,
        designs: bool = False,
    ) -> AccuracyArrays:
        """Estimate top-1 for one recipe.

        Parameters
        ----------
        summaries
            Shape (N, S), of whole networks.
        confidence
            Level of the interval.
        recipe
            How the designs would be trained; they are tested at the resolution that they were trained at. By default the
            reference recipe (300 epochs, distilled from a convnet), each at its own resolution.
        designs
            Whether they are designs of dsim's own: those whose kin is near are estimated from it (`dsim.accuracy.kin`). Others are
            networks of no known family.

        Raises
        ------
        InvalidValueError
            The confidence is not between 0 and 1.
        """
        check_level(confidence)
        table = np.atleast_2d(np.asarray(summaries, dtype=np.float64))
        points = questions(table, self.scaling, recipe)
        told = self.surrogate.predict(points, self.kin_for(recipe, designs))
        effect, effect_variance = self.effects.apply(table)
        error = np.exp(told.mean)
        deviation = deviations(told.variance, effect_variance, error)
        reach = self.misses.reach(confidence, are_known(told.distance, points), told.by_kin) * deviation
        top1 = 100.0 - error + effect
        return AccuracyArrays(
            np.clip(top1, 0.0, 100.0),
            np.clip(100.0 - error * np.exp(reach) + effect, 0.0, 100.0),
            np.clip(100.0 - error * np.exp(-reach) + effect, 0.0, 100.0),
            told.distance,
            told.by_kin,
        )

    def kin_for(self, recipe: Recipe | None, designs: bool) -> Kin | None:
        """Return what kin tells of networks that would be trained by a recipe; None for other networks than designs."""
        kinship, asked = self.surrogate.kinship, recipe or REFERENCE
        if not designs or kinship is None or not asked.is_known:
            return None
        return kinship.own if asked.is_like(REFERENCE) else kinship.other

    def lows(
        self,
        summaries: FloatArray,
        confidence: float = 0.9,
        recipe: Recipe | None = None,
        single: bool = True,
        designs: bool = False,
    ) -> Lows:
        """Return the lower ends of `predict` and which designs a search may choose, several times as fast.

        Parameters
        ----------
        summaries, confidence, recipe, designs
            As for `predict`.
        single
            Whether in single precision, off by up to `dsim.accuracy.quick.LOOSE` points.
        """
        table = np.atleast_2d(np.asarray(summaries, dtype=np.float64))
        sides = resolutions_of(table)
        low, inside = np.empty(len(table)), np.empty(len(table), dtype=bool)
        for side in sorted(set(sides.tolist())):
            model = self._arranged(Ask(side, recipe, single, designs))
            rows = sides == side
            found = model.lows(table if rows.all() else table[rows], confidence)
            low[rows], inside[rows] = found.low, found.in_region
        return Lows(low, inside)

    def bounds(
        self, side: int, confidence: float, recipe: Recipe | None = None, designs: bool = False
    ) -> tuple[Lower, ...]:
        """Return what bounds the lower ends of many designs at once, one for each question that they may ask.

        They are those of designs within the region: a search may choose no others.

        Parameters
        ----------
        side
            Of images, in pixels.
        confidence, recipe, designs
            As for `predict`.
        """
        model = self._arranged(Ask(side, recipe, single=False, designs=designs))
        known = np.array([(recipe or REFERENCE).is_known])
        questions = (True, False) if self.kin_for(recipe, designs) else (False,)
        return tuple(
            lower_of(
                model,
                self.surrogate.logs,
                float(self.misses.reach(confidence, known, np.array([kin]))[0]),
                kin,
            )
            for kin in questions
        )

    def _arranged(self, ask: Ask) -> Quick:
        """Return the model arranged for designs of one kind, which is done once."""
        if ask not in self._quick:
            parts = (self.scaling, self.surrogate, self.effects, self.misses)
            self._quick[ask] = quick(*parts, ask, self.kin_for(ask.recipe, ask.designs))
        return self._quick[ask]

    @cached_property
    def _quick(self) -> dict[Ask, Quick]:
        return {}

    def in_region(self, summaries: FloatArray) -> np.ndarray:
        """Tell which designs a search may move to, shape (N,) of bool: those within `REGION` of a known network."""
        table = np.atleast_2d(np.asarray(summaries, dtype=np.float64))
        return np.asarray(self.surrogate.distance(questions(table, self.scaling)) <= REGION)


@one_blas_thread()
def fit(evidence: Results, effects: Effects, layout: str, logs: dict[str, float]) -> AccuracyModel:
    """Condition the process on results; deterministic.

    Parameters
    ----------
    evidence
        Published results.
    effects
        Of activation and norm.
    layout, logs
        Hyper-parameters: a key of `dsim.accuracy.features.LAYOUTS`, and the process's variances and lengths.
    """
    scaling = scaling_of(evidence, layout)
    points = points_of(evidence, scaling)
    values = log_errors(evidence.summaries, evidence.top1, effects)
    offset = float(values.mean())
    matrix = covariance(points, logs)
    mean, deviation = leave_groups_out(matrix, values - offset, evidence.families)
    _, effect_variance = effects.apply(evidence.summaries)
    spread = deviations(deviation**2, effect_variance, np.exp(mean + offset))
    known = known_rows(points, logs, evidence.families)
    misses = misses_of(
        (values - offset - mean) / spread,
        known,
        evidence.families,
        kin_residuals(points, matrix, values, offset, logs, effect_variance),
    )
    surrogate = fit_surrogate(points, matrix, values - offset, offset, logs, relatives_of(evidence))
    return AccuracyModel(scaling, surrogate, effects, misses)
