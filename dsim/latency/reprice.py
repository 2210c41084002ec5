"""Vectors of the same pieces of networks under one model after another, at the cost of what changes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.model import DeviceModel


class Pieces:
    """Pieces of networks, read once.

    Parameters
    ----------
    model
        A device's model; what its runtime fuses does not change when prices are learned anew.
    graphs
        (P) pieces.
    """

    def __init__(self, model: DeviceModel, graphs: Sequence[Graph]) -> None:
        pieces = [[placed.kernel for placed in model.kernels(graph)] for graph in graphs]
        self._distinct = list(dict.fromkeys(kernel for piece in pieces for kernel in piece))
        at = {kernel: n for n, kernel in enumerate(self._distinct)}
        columns = [at[kernel] for piece in pieces for kernel in piece]
        ends = np.cumsum([0, *map(len, pieces)])
        # how often each piece (P) holds each kernel (K)
        self._counts = csr_array(
            (np.ones(len(columns)), columns, ends), shape=(len(pieces), len(self._distinct))
        )

    def vectors(self, model: DeviceModel) -> FloatArray:
        """Return the pieces' vectors (P, F) under a model of the same device."""
        return np.asarray(self._counts @ model.vectors(self._distinct))
