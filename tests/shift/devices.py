"""Made devices with known prices, so that what a comparison says can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.arch import Arch
from dsim.graph import Graph
from dsim.graph.passes import run_passes
from dsim.latency.kernel import Kernel, Placed
from dsim.op import OpKind
from dsim.search import Space
from dsim.search.conclude import Found
from dsim.search.score import Scorer
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from dsim.shift.draws import PER_REFIT, Draws, draw_device
from dsim.shift.panel import Panel
from dsim.shift.side import Side
from tests.search.fakes import PASSES, Accuracy, FakeAccuracy, Latency


@dataclass(frozen=True)
class Verdict:
    identified: bool
    why: str = "families disagree"


class Priced:
    """Milliseconds are ``prices @ (GMACs, kernels, softmaxes)`` times ``pace``; the interval is 10% either side, and its upper end fits."""

    def __init__(self, prices: Sequence[float], pace: float = 1.0) -> None:
        self._prices = np.array(prices) * pace

    def kernels(self, graph: Graph) -> tuple[Placed, ...]:
        nodes = run_passes(graph, PASSES).nodes
        return tuple(Placed(Kernel(node.op), node.scope, (n,)) for n, node in enumerate(nodes))

    def vectors(self, kernels: Sequence[Kernel]) -> np.ndarray:
        rows = [(k.op.macs / 1e9, 1, k.op.kind is OpKind.SOFTMAX) for k in kernels]
        return np.array(rows, dtype=np.float64).reshape(-1, 3)

    def featurise(self, graph: Graph) -> np.ndarray:
        return np.asarray(self.vectors([placed.kernel for placed in self.kernels(graph)]).sum(0))

    def price(self, phi: np.ndarray, confidence: float = 0.9, chance: float | None = None) -> Latency:
        ms = np.maximum(phi @ self._prices, 1e-6)
        return Latency(ms, 0.9 * ms, 1.1 * ms, 1.1 * ms)

    def p_cliff(self, phi: np.ndarray) -> np.ndarray:
        return np.zeros(len(phi))

    def p_fits(self, phi: np.ndarray, budget_ms: float) -> np.ndarray:
        return (self.price(phi).needs_ms <= budget_ms).astype(float)


ALL = {f"activation:{a}>{b}": Verdict(True) for a in ("gelu", "relu") for b in ("gelu", "relu") if a != b}


def side(
    device: str,
    prices: Sequence[float],
    budget_ms: float,
    space: Space,
    identified: dict[str, Verdict] | None = None,
    spread: float = 0.0,
    trials: int = 40,
) -> Side:
    latency, accuracy = Priced(prices), FakeAccuracy()
    scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), budget_ms, 0.9)
    found: Found = search_mixes(
        StudySpec(device, budget_ms, trials=trials, space=space, name="t"), scorer, "made"
    )
    return Side(
        device, scorer, space, ALL if identified is None else identified, found.chosen, found.front, spread
    )


def draws_of(
    sides: Sequence[Side],
    archs: Sequence[Arch],
    paces: Sequence[float] = (1.0, 1.0),
    noise: float = 0.0,
    seed: int = 0,
) -> Draws:
    """Draws whose refits are the device's prices times a pace; accuracy is drawn with ``noise`` points, the same for all."""
    panel = Panel(archs)
    on = {}
    for one in sides:
        model = one.scorer.latency
        assert isinstance(model, Priced)
        phi = np.array([model.featurise(graph) for graph in panel.graphs])
        refits = [Priced(model._prices, pace) for pace in paces]
        vectors: Callable[[Priced], np.ndarray] = lambda _, phi=phi: phi  # noqa: E731
        on[one.device] = draw_device(one.device, panel, model, refits, vectors, one.spread, 0.9, seed)
    accuracy = FakeAccuracy()
    summaries = np.array([accuracy.summarise(arch.to_graph()) for arch in panel.archs])
    top1: Accuracy = accuracy.predict(summaries)
    count = len(paces) * PER_REFIT
    shared = noise * np.random.default_rng(seed).standard_normal((count, 1))
    return Draws(panel, top1.top1, top1.top1 + shared, on, 0.9)
