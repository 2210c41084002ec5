"""DeviceModel: what a fitted profile knows, however it was learned; prices, intervals, chances, breakdowns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsim.graph.graph import Graph
from dsim.latency import cliffs
from dsim.latency.batch import as_measured
from dsim.latency.calibrate import Calibration
from dsim.latency.checks import check_budget, check_vectors
from dsim.latency.estimate import estimate
from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel, Placed
from dsim.latency.pricing import Pricing, QuickPricing
from dsim.latency.question import Question
from dsim.latency.records import Identified, LatencyArrays, LatencyEstimate
from dsim.latency.seen import Seen
from dsim.latency.strata import Strata
from dsim.latency.sums import LeastSums, Summed
from dsim.units import check_level

KNOWN = 100_000  # kernels whose vectors are kept


@dataclass(frozen=True)
class DeviceModel:
    """Latency on one device, in its reference protocol.

    Attributes
    ----------
    device, method
        Name of the profile, and how it was learned.
    passes
        Graph passes that the device's runtime does.
    low_px, high_px
        Input sides between which networks were measured.
    pricing
        What was learned.
    seen
        Which kernels the evidence has seen.
    strata
        Distributions of held-out errors, by the question that is asked.
    cliff_weights
        Of the chance of a cliff.
    choices
        What is identified and what not.
    batch, per_image
        Images in the run that is priced; whether prices are of one image, whatever the batch (throughput).
    """

    device: str
    method: str
    passes: tuple[str, ...]
    low_px: int
    high_px: int
    pricing: Pricing
    seen: Seen
    strata: Strata
    cliff_weights: FloatArray
    choices: tuple[Identified, ...]
    batch: int = 1
    per_image: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""
        return self.pricing.columns

    @property
    def identified(self) -> dict[str, Identified]:
        """Whether this profile's evidence can tell, by choice (``activation:gelu>relu``, ``norm:batch>layer``)."""
        return {item.choice: item for item in self.choices}

    @property
    def calibration(self) -> Calibration:
        """Return the distribution of errors of a searched design: its kinds of block are known, itself is new."""
        return self.strata.of(Question.KNOWN)

    def kernels(self, graph: Graph) -> tuple[Placed, ...]:
        """Return the kernels that run for a graph."""
        return self.pricing.kernels(as_measured(graph, self), self.passes)

    def vectors(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return the vectors (K, F) of kernels; a kernel met before costs a look-up."""
        known = self._known
        new = [kernel for kernel in dict.fromkeys(kernels) if kernel not in known]
        if new:
            if len(known) + len(new) > KNOWN:
                known.clear()
                new = list(dict.fromkeys(kernels))
            known.update(zip(new, self.pricing.vectors(new), strict=True))
        return np.array([known[kernel] for kernel in kernels]).reshape(-1, len(self.columns))

    def featurise(self, graph: Graph) -> FloatArray:
        """Return a graph's vector (F,); vectors of pieces add up to the vector of the whole."""
        total: FloatArray = self.vectors([placed.kernel for placed in self.kernels(graph)]).sum(0)
        return total

    def price(
        self,
        phi: FloatArray,
        confidence: float = 0.9,
        chance: float | None = None,
        question: Question = Question.KNOWN,
    ) -> LatencyArrays:
        """Price vectors.

        Parameters
        ----------
        phi
            (N, F) vectors.
        confidence
            Level of the central interval, between 0 and 1.
        chance
            With which a new measurement must be within the budget ``needs_ms``; ``confidence`` where it is left out.
        question
            What the interval answers; a searched design is made of known kinds of block.

        Returns
        -------
        LatencyArrays
            Milliseconds (N,): the estimate of a new measurement of a network that stays on the accelerator, the ends of its
            interval, and the budget that it needs, at which `p_fits` is ``chance``.

        Raises
        ------
        InvalidValueError
            confidence or chance is out of range, or phi has the wrong shape.
        """
        asked = confidence if chance is None else chance
        for level in (confidence, asked):
            check_level(level)
        phi = self._checked(phi)
        log, spread = self.pricing.log_ms(phi)
        ends = self.strata.of(question).ends((1.0 - confidence) / 2.0)
        low, middle, high = (np.exp(log + spread * end) for end in ends)
        return LatencyArrays(middle, low, high, np.exp(log + spread * self._most(phi, asked, question)))

    def needs(self, phi: FloatArray, chance: float, *, single: bool = True) -> tuple[FloatArray, FloatArray]:
        """Return the estimate and the needed budget (N,) of searched designs as `price` does, sooner.

        Parameters
        ----------
        phi, chance
            As for `price`.
        single
            Whether single precision will do: then milliseconds are off by up to `dsim.latency.pricing.LOOSE` of themselves.
        """
        check_level(chance)
        phi, pricing = self._checked(phi), self.pricing
        if single and isinstance(pricing, QuickPricing):
            log, spread = pricing.quick_log_ms(phi)
        else:
            log, spread = pricing.log_ms(phi)
        most = self._most(phi, chance, Question.KNOWN)
        return np.exp(log + spread * self.calibration.middle), np.exp(log + spread * most)

    def _most(self, phi: FloatArray, chance: float, question: Question) -> FloatArray:
        """Return the standardised errors (N,) that new measurements keep to with a chance, cliffs included."""
        return self.strata.of(question).reached(chance / np.maximum(1.0 - self.p_cliff(phi), 1e-12))

    def question(self, graph: Graph) -> Question:
        """Tell what the interval of one given network answers here, by its graph; designs of a search are priced alike."""
        return self.strata.question(as_measured(graph, self), self.passes)

    def price_network(self, graph: Graph, confidence: float = 0.9) -> LatencyArrays:
        """Price one given network, as `estimate` does: arrays of one row. See `price`."""
        return self.price(self.featurise(graph)[None], confidence, question=self.question(graph))

    def sums(self, chance: float) -> LeastSums | None:
        """Return sums over pieces that no searched design needs less than; None where the way of learning knows none.

        Parameters
        ----------
        chance
            With which a new measurement must be within the budget.
        """
        check_level(chance)
        if not isinstance(self.pricing, Summed):
            return None
        return LeastSums(self.pricing, self.calibration, self.cliff_weights, chance)

    def p_cliff(self, phi: FloatArray) -> FloatArray:
        """Return the chance (N,) that a network leaves the accelerator, for vectors (N, F)."""
        return cliffs.p_cliff(self._checked(phi), self.cliff_weights)

    def p_fits(self, phi: FloatArray, budget_ms: float, question: Question = Question.KNOWN) -> FloatArray:
        """Return the chance (N,) that a new measurement stays within the budget, cliffs included, for vectors (N, F).

        ``question`` is what the interval answers, as in `price`.

        Raises
        ------
        InvalidValueError
            The budget is not positive.
        """
        check_budget(budget_ms)
        log, spread = self.pricing.log_ms(self._checked(phi))
        errors = self.strata.of(question)
        return errors.below((np.log(budget_ms) - log) / spread) * (1.0 - self.p_cliff(phi))

    def estimate(self, graph: Graph, confidence: float = 0.9) -> LatencyEstimate:
        """Estimate one network, kernel by kernel.

        Parameters
        ----------
        graph
            Any graph, before the device's passes, of one image or of as many as were measured.
        confidence
            Level of the central interval.
        """
        return estimate(self, graph, confidence)

    @cached_property
    def _known(self) -> dict[Kernel, FloatArray]:
        return {}

    def _checked(self, phi: FloatArray) -> FloatArray:
        return check_vectors(phi, self.columns)
