"""OperatorModel: prices of kernels that were timed one by one, and what networks take beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsim.graph.graph import Graph
from dsim.latency.batch import as_measured
from dsim.latency.bound import ends, without_negative
from dsim.latency.calibrate import Calibration
from dsim.latency.checks import check_budget, check_vectors, tail
from dsim.latency.estimate import label, outside_notes
from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.evidence import run_graph
from dsim.latency.methods.operators.kernel import Kernel, Links, Placed, place
from dsim.latency.methods.operators.pricing import KernelPrices
from dsim.latency.methods.operators.seen import Seen
from dsim.latency.methods.operators.vectors import COLUMNS, log_ms, shares_ms, vectors_of, whole_ms
from dsim.latency.methods.operators.whole import Whole
from dsim.latency.records import Evidence, Identified, KernelCost, LatencyArrays, LatencyEstimate

KNOWN = 100_000  # kernels kept priced


@dataclass(frozen=True)
class OperatorModel:
    """Latency on one device, learned from its operators.

    Attributes
    ----------
    device
        Name of the profile.
    passes
        Graph passes that the device's runtime does.
    low_px, high_px
        Input sides between which networks were measured.
    links
        What the runtime links into the kernel before.
    prices
        Of kernels.
    whole
        What a network takes beside its kernels.
    calibration
        Distribution of held-out errors.
    seen
        Which kernels were timed.
    choices
        What is identified and what not.
    batch, per_image
        Images in the run that is priced; whether prices are of one image, whatever the batch (throughput).
    """

    device: str
    passes: tuple[str, ...]
    low_px: int
    high_px: int
    links: Links
    prices: KernelPrices
    whole: Whole
    calibration: Calibration
    seen: Seen
    choices: tuple[Identified, ...]
    batch: int = 1
    per_image: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""
        return COLUMNS

    @property
    def identified(self) -> dict[str, Identified]:
        """Whether this profile's evidence can tell, by choice (``activation:relu>hardswish``)."""
        return {item.choice: item for item in self.choices}

    def kernels(self, graph: Graph) -> tuple[Placed, ...]:
        """Return the kernels that run for a graph."""
        return place(run_graph(as_measured(graph, self), self.passes), self.links)

    def vectors(self, kernels: Sequence[Kernel]) -> FloatArray:
        """Return the vectors (K, F) of kernels; a kernel met before costs a look-up."""
        known = self._known
        new = [kernel for kernel in dict.fromkeys(kernels) if kernel not in known]
        if new:
            if len(known) + len(new) > KNOWN:
                known.clear()
                new = list(dict.fromkeys(kernels))
            known.update(zip(new, vectors_of(self.prices, self.seen, new), strict=True))
        return np.array([known[kernel] for kernel in kernels]).reshape(-1, len(COLUMNS))

    def featurise(self, graph: Graph) -> FloatArray:
        """Return a graph's vector (F,); vectors of pieces add up to the vector of the whole."""
        total: FloatArray = self.vectors([placed.kernel for placed in self.kernels(graph)]).sum(0)
        return total

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
            Milliseconds (N,): the estimate, and the ends of the interval of a new measurement.

        Raises
        ------
        InvalidValueError
            confidence or sided is out of range, or phi has the wrong shape.
        """
        rest = tail(confidence, sided)
        log, spread = log_ms(self._checked(phi), self.whole)
        low = np.exp(log + spread * min(self.calibration.quantile(rest), 0.0))
        high = np.exp(log + spread * max(self.calibration.quantile(1.0 - rest), 0.0))
        return LatencyArrays(np.exp(log), low if sided == "central" else np.zeros(len(log)), high)

    def p_cliff(self, phi: FloatArray) -> FloatArray:
        """Return the chance (N,) that a network leaves the device: none, for nothing measured here ever did."""
        return np.zeros(len(self._checked(phi)))

    def p_fits(self, phi: FloatArray, budget_ms: float) -> FloatArray:
        """Return the chance (N,) that a new measurement stays within the budget, for vectors (N, F).

        Raises
        ------
        InvalidValueError
            The budget is not positive.
        """
        check_budget(budget_ms)
        log, spread = log_ms(self._checked(phi), self.whole)
        return self.calibration.below((np.log(budget_ms) - log) / spread)

    def estimate(self, graph: Graph, confidence: float = 0.9) -> LatencyEstimate:
        """Estimate one network, kernel by kernel.

        Parameters
        ----------
        graph
            Any graph, before the device's passes, of one image or of as many as were measured.
        confidence
            Level of the central interval.
        """
        placed = self.kernels(graph)
        vectors = self.vectors([item.kernel for item in placed])
        evidence = [self.seen.of(item.kernel) for item in placed]
        unpriced = [one is Evidence.UNSUPPORTED for one in evidence]
        vectors = without_negative(vectors, unpriced, shares_ms(vectors, self.whole))
        phi = vectors.sum(0)[None, :]
        have = [not bad for bad in unpriced]
        complete = all(have)
        alone = None if complete or not any(have) else self.price(vectors[have].sum(0)[None, :], confidence)
        total, low, high = ends(self.price(phi, confidence), alone, complete)
        plain = float(whole_ms(phi, self.whole)[0])
        shares = shares_ms(vectors, self.whole) * total / plain
        costs = tuple(
            KernelCost(
                item.scope,
                label(item.kernel.op),
                float(share),
                covered,
                item.kernel.op.macs,
                item.kernel.op.params,
                item.kernel.op.elements_written,
                item.kernel.op.counted,
            )
            for item, covered, share in zip(placed, evidence, shares, strict=True)
        )
        return LatencyEstimate(
            total,
            low,
            high,
            confidence,
            0.0,
            complete,
            total - float(shares.sum()),
            costs,
            self._notes(graph, costs),
        )

    @cached_property
    def _known(self) -> dict[Kernel, FloatArray]:
        return {}

    def _checked(self, phi: FloatArray) -> FloatArray:
        return check_vectors(phi, COLUMNS)

    def _notes(self, graph: Graph, costs: tuple[KernelCost, ...]) -> tuple[str, ...]:
        notes = []
        missing = sorted({cost.kind for cost in costs if cost.evidence is Evidence.UNSUPPORTED})
        if missing:
            notes.append(
                f"never timed here: {', '.join(missing)}; they count at the fastest rates learned, "
                "so the total is a lower bound"
            )
        return (*notes, *outside_notes(self, graph))
