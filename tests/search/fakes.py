"""Small models with the contract of the real ones, so that the search is tested for itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.graph import Graph
from dsim.graph.passes import run_passes
from dsim.op import OpKind

PASSES = ("drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation")
KINDS = tuple(OpKind)


@dataclass(frozen=True)
class Latency:
    latency_ms: np.ndarray
    low_ms: np.ndarray
    high_ms: np.ndarray
    needs_ms: np.ndarray


@dataclass(frozen=True)
class Accuracy:
    top1: np.ndarray
    low: np.ndarray
    high: np.ndarray


class FakeLatency:
    """0.5 ns per 1000 MACs plus 4 us per kernel, attention's matmuls and softmax costing ten times that; errors are logistic, 5%."""

    def featurise(self, graph: Graph) -> np.ndarray:
        out = np.zeros(3)
        for op in run_passes(graph, PASSES).ops:
            out += (op.macs, 1, op.kind in (OpKind.MATMUL, OpKind.SOFTMAX))
        return out

    def price(self, phi: np.ndarray, confidence: float = 0.9, chance: float | None = None) -> Latency:
        ms = phi @ np.array([5e-10, 4e-3, 4e-2]) + 0.1
        half = 0.1 * confidence * ms + 1e-4 * phi[:, 1]
        share = (confidence if chance is None else chance) / (1 - self.p_cliff(phi))
        enough = share < 1
        share = np.where(enough, share, 0.5)
        needs = np.where(enough, ms * (1 + 0.05 * np.log(share / (1 - share))), np.inf)
        return Latency(ms, ms - half, ms + half, needs)

    def p_cliff(self, phi: np.ndarray) -> np.ndarray:
        return np.where(phi[:, 2] > 0, 0.04, 0.01)

    def p_fits(self, phi: np.ndarray, budget_ms: float) -> np.ndarray:
        ms = self.price(phi).latency_ms
        return (1 - self.p_cliff(phi)) / (1 + np.exp((ms - budget_ms) / (0.05 * ms)))


class FakeAccuracy:
    """Saturates with parameters and MACs; attention and depthwise convolutions are worth a little."""

    def summarise(self, graph: Graph) -> np.ndarray:
        depthwise = sum(op.is_depthwise for op in graph.ops)
        attention = sum(op.kind is OpKind.SOFTMAX for op in graph.ops)
        return np.array([graph.params, graph.macs, depthwise, attention, len(graph.nodes)], dtype=float)

    def predict(self, summaries: np.ndarray, confidence: float = 0.9) -> Accuracy:
        error = 30 * (summaries[:, 0] / 1e6) ** -0.15 * (summaries[:, 1] / 1e9) ** -0.1
        top1 = 100 - error + 0.05 * np.sqrt(summaries[:, 2]) + 0.2 * np.sqrt(summaries[:, 3])
        return Accuracy(top1, top1 - 1.0, top1 + 1.0)

    def in_region(self, summaries: np.ndarray) -> np.ndarray:
        return (summaries[:, 0] > 1e6) & (summaries[:, 0] < 3e7)
