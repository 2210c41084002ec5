"""Rewrites of a Graph. A device profile names those that its runtime does, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from dsim.errors import unknown_name
from dsim.graph.graph import Graph
from dsim.graph.passes.drop_identities import DropIdentities
from dsim.graph.passes.fold_batch_norm import FoldBatchNorm
from dsim.graph.passes.fold_layer_scale import FoldLayerScale
from dsim.graph.passes.fuse_activation import FuseActivation
from dsim.graph.passes.fuse_attention import FuseAttention
from dsim.op import OpKind


class Pass(Protocol):
    """A rewrite: a small frozen object with a name and the kinds that it may remove."""

    @property
    def name(self) -> str:
        """The name by which a device profile asks for it."""

    @property
    def removes(self) -> frozenset[OpKind]:
        """The kinds of op that may be gone afterwards."""

    def __call__(self, graph: Graph) -> Graph:
        """Return the rewritten graph; the argument is left as it is."""


PASSES: dict[str, Pass] = {
    "drop_identities": DropIdentities(),
    "fold_batch_norm": FoldBatchNorm(),
    "fold_layer_scale": FoldLayerScale(),
    "fuse_activation": FuseActivation(),
    "fuse_attention": FuseAttention(),
}


def run_passes(graph: Graph, names: Iterable[str]) -> Graph:
    """Run passes by name, in the order given.

    Raises
    ------
    UnknownNameError
        No pass has that name.
    """
    for name in names:
        if name not in PASSES:
            raise unknown_name("pass", name, PASSES)
        graph = PASSES[name](graph)
    return graph


__all__ = [
    "PASSES",
    "DropIdentities",
    "FoldBatchNorm",
    "FoldLayerScale",
    "FuseActivation",
    "Pass",
    "run_passes",
]
