"""Vectors of the same pieces of networks under one model after another, at the cost of what changes alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsim.graph.graph import Graph
from dsim.latency.device_model import DeviceModel
from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.model import OperatorModel


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
        self._kernels = None
        if isinstance(model, OperatorModel):
            self._kernels = [tuple(placed.kernel for placed in model.kernels(graph)) for graph in graphs]
        else:
            self._phi = np.array([model.featurise(graph) for graph in graphs]).reshape(len(graphs), -1)

    def vectors(self, model: DeviceModel) -> FloatArray:
        """Return the pieces' vectors (P, F) under a model of the same device."""
        if self._kernels is None or not isinstance(model, OperatorModel):
            return self._phi
        distinct = list(dict.fromkeys(kernel for piece in self._kernels for kernel in piece))
        at = {kernel: n for n, kernel in enumerate(distinct)}
        rows = model.vectors(distinct)
        return np.array([rows[[at[kernel] for kernel in piece]].sum(0) for piece in self._kernels])
