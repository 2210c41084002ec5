"""Side: one device of a comparison, with all that is needed to price designs there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from dsim.arch import Arch
from dsim.graph import Graph
from dsim.latency.records import Basis, Identified, LatencyEstimate
from dsim.search import Candidate
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.shift.even import to_deviations

_SEARCHED = ("activation", "norm")  # choices that need a verdict
_NEAR = 2.0  # factor around the budget within which a front's slope is taken
_LEAST = 3


@dataclass(frozen=True)
class Side:
    """One device.

    Attributes
    ----------
    device
        Its name.
    scorer
        Models, budget, confidence.
    space
        What its search might vary.
    identified
        What its evidence says of each choice.
    best, front
        What its study found.
    spread
        Log-spread of errors between designs of one family.
    estimate
        Returns a network's estimate at a level of confidence, with operators that were never measured; None where it is not known.
    ranks
        Whether what stands as top-1 is a rank.
    """

    device: str
    scorer: Scorer
    space: Space
    identified: Mapping[str, Identified]
    best: Candidate | None
    front: tuple[Candidate, ...]
    spread: float
    estimate: Callable[[Graph, float], LatencyEstimate] | None = None
    ranks: bool = False
    _known: dict[Arch, Counter[tuple[str, int, int, int]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def why_not(self, kind: str, before: str, after: str) -> str:
        """Return why this device's evidence cannot price a choice; empty where it can, or where no verdict is needed."""
        if kind not in _SEARCHED or before == after:
            return ""
        verdict = self.identified.get(f"{kind}:{before}>{after}")
        if verdict is None:
            return "the profile has no evidence on it"
        return "" if verdict.identified else verdict.why

    def unmeasured(self, a: Arch, b: Arch) -> str:
        """Name the operators in which two designs differ and that were never measured here; empty where all were.

        Those that both designs hold alike are mispriced alike, and leave the difference as it is.
        """
        x, y = self._unsupported(a), self._unsupported(b)
        kinds = sorted({kind for kind, *_ in (x - y) + (y - x)})
        return f"never measured here: {', '.join(kinds)}" if kinds else ""

    def _unsupported(self, arch: Arch) -> Counter[tuple[str, int, int, int]]:
        """Count a design's kernels that no evidence covers, by kind and size."""
        if self.estimate is None:
            return Counter()
        if arch not in self._known:
            self._known[arch] = Counter(
                (k.kind, k.macs, k.params, k.elements)
                for k in self.estimate(arch.to_graph(), self.scorer.confidence).kernels
                if k.evidence is Basis.UNSUPPORTED
            )
        return self._known[arch]

    def evidence_of(self, arch: Arch) -> tuple[tuple[str, float], ...]:
        """Return how well a design's kernels are covered here, by share of its milliseconds."""
        if self.estimate is None:
            return ()
        return tuple(self.estimate(arch.to_graph(), self.scorer.confidence).shares["ms"].items())

    def slope(self) -> float:
        """Return how many points of top-1 the front gains per unit of log milliseconds near the budget; 0 where unknown.

        Of ranks, how many deviations of a normal.
        """
        budget = self.scorer.budget_ms
        near = [c for c in self.front if budget / _NEAR <= c.needs_ms <= budget * _NEAR]
        if len(near) < _LEAST:
            return 0.0
        at = np.log([c.needs_ms for c in near])
        if np.ptp(at) < 1e-6:
            return 0.0
        top1 = [c.top1 for c in near]
        rising = to_deviations(np.array(top1)) if self.ranks else top1
        return max(float(np.polyfit(at, rising, 1)[0]), 0.0)


def thinned(front: tuple[Candidate, ...], most: int) -> tuple[Candidate, ...]:
    """Return at most ``most`` designs of a front, spread evenly over it."""
    if len(front) <= most:
        return front
    return tuple(front[k] for k in np.unique(np.linspace(0, len(front) - 1, most).astype(int)))
