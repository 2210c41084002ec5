"""predict: the latency of one network on one device. What `dsim.predict` runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dsim.graph import Graph
from dsim.graph.read import HasGraph, as_graph
from dsim.latency.learn import load_model
from dsim.latency.records import LatencyEstimate

if TYPE_CHECKING:
    import torch


def predict(
    network: Graph | HasGraph | torch.nn.Module | str | Path,
    device: str,
    input_shape: tuple[int, ...] | None = None,
    confidence: float = 0.9,
) -> LatencyEstimate:
    """Predict what a network costs on a device.

    Parameters
    ----------
    network
        A design, a graph, the path of an .onnx file, or any torch.nn.Module (a timm network, say). A network that is re-parameterised for
        deployment (RepViT, MobileOne, FastViT) is priced as it is given: fuse it first.
    device
        Name of a device profile, e.g. ``"iphone12"``.
    input_shape
        What a module is read with, batch first, (1, 3, 224, 224) if None; a design and an .onnx file have their own.
    confidence
        Level of the central interval, in (0, 1).

    Returns
    -------
    LatencyEstimate
        ``latency_ms``, ``low_ms``, ``high_ms`` in milliseconds for a new measurement in the profile's reference
        protocol; ``p_cliff``, ``complete`` and every kernel's share.

    Raises
    ------
    UnknownNameError
        There is no such device.
    UnsupportedOpError
        The module cannot be traced.
    InvalidValueError
        ``network`` is no network, or ``confidence`` is out of range.
    """
    return load_model(device).estimate(as_graph(network, input_shape), confidence)
