"""LatencyModel: what a fitted profile knows, as plain arrays; prices, intervals, chances, breakdowns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.graph.graph import Graph
from dsim.latency import cliffs
from dsim.latency.batch import as_measured
from dsim.latency.calibrate import Calibration
from dsim.latency.checks import check_budget, check_vectors, tail
from dsim.latency.estimate import estimate
from dsim.latency.features import FloatArray, kernels
from dsim.latency.pricing import Pricing
from dsim.latency.records import Identified, LatencyArrays, LatencyEstimate
from dsim.latency.seen import Coverage


@dataclass(frozen=True)
class LatencyModel:
    """Latency on one device, in its reference protocol.

    Attributes
    ----------
    device
        Name of the profile.
    passes
        Graph passes that the device's runtime does.
    low_px, high_px
        Input sides between which networks were measured.
    rates
        Learned rates.
    calibration
        Distribution of held-out errors.
    cliff_weights
        Of the chance of a cliff.
    coverage
        Which kernels were seen.
    choices
        What is identified and what not.
    batch, per_image
        Images in the run that is priced; whether prices are of one image, whatever the batch (throughput).
    """

    device: str
    passes: tuple[str, ...]
    low_px: int
    high_px: int
    rates: Pricing
    calibration: Calibration
    cliff_weights: FloatArray
    coverage: Coverage
    choices: tuple[Identified, ...]
    batch: int = 1
    per_image: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""
        return self.rates.columns

    @property
    def identified(self) -> dict[str, Identified]:
        """Whether this profile's evidence can tell, by choice (``activation:gelu>relu``, ``norm:batch>layer``)."""
        return {item.choice: item for item in self.choices}

    def featurise(self, graph: Graph) -> FloatArray:
        """Return a graph's vector (F,); vectors of pieces add up to the vector of the whole."""
        return self.rates.total(kernels(as_measured(graph, self), self.passes))

    def price(self, phi: FloatArray, confidence: float = 0.9, sided: str = "central") -> LatencyArrays:
        """Price vectors.

        Parameters
        ----------
        phi
            (N, F) vectors.
        confidence
            Level of the interval, between 0 and 1.
        sided
            ``central`` leaves half of the rest on either side; ``upper`` leaves all of it above, and low is 0.

        Returns
        -------
        LatencyArrays
            Milliseconds (N,) of a network that stays on the accelerator: the median of a new measurement, and the ends.

        Raises
        ------
        InvalidValueError
            confidence or sided is out of range, or phi has the wrong shape.
        """
        rest = tail(confidence, sided)
        log, spread = self.rates.log_ms(self._checked(phi))
        high = np.exp(log + spread * self.calibration.quantile(1.0 - rest))
        low = (
            np.exp(log + spread * self.calibration.quantile(rest))
            if sided == "central"
            else np.zeros(len(log))
        )
        middle = np.exp(log + spread * self.calibration.quantile(0.5))
        return LatencyArrays(middle, low, high)

    def p_cliff(self, phi: FloatArray) -> FloatArray:
        """Return the chance (N,) that a network leaves the accelerator, for vectors (N, F)."""
        return cliffs.p_cliff(self._checked(phi), self.cliff_weights)

    def p_fits(self, phi: FloatArray, budget_ms: float) -> FloatArray:
        """Return the chance (N,) that a new measurement stays within the budget, cliffs included, for vectors (N, F).

        Raises
        ------
        InvalidValueError
            The budget is not positive.
        """
        check_budget(budget_ms)
        log, spread = self.rates.log_ms(self._checked(phi))
        return self.calibration.below((np.log(budget_ms) - log) / spread) * (1.0 - self.p_cliff(phi))

    def estimate(self, graph: Graph, confidence: float = 0.9) -> LatencyEstimate:
        """Estimate one network, kernel by kernel.

        Parameters
        ----------
        graph
            Any graph, before the device's passes, of one image or of as many as were measured.
        confidence
            Level of the central interval.
        """
        return estimate(self, self.rates, self.coverage, as_measured(graph, self), confidence)

    def _checked(self, phi: FloatArray) -> FloatArray:
        return check_vectors(phi, self.columns)
