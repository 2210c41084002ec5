"""predict: the latency of one network on one device. What `dsim.predict` runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dsim.device.named import profile_named
from dsim.graph.graph import Graph
from dsim.graph.inputs import Given
from dsim.graph.read import HasGraph
from dsim.latency import LatencyEstimate
from dsim.network.price import price
from dsim.network.read import read_network

if TYPE_CHECKING:
    import torch


def predict(
    network: Graph | HasGraph | torch.nn.Module | str | Path,
    device: str,
    input_shape: Given = None,
    confidence: float = 0.9,
    *,
    strict: bool = False,
    merge: bool = False,
) -> LatencyEstimate:
    """Predict what a network costs on a device.

    Parameters
    ----------
    network
        All that ``dsim predict`` takes: a preset's name, the path of an arch.json, of a study's folder or of a network's
        file (.onnx, .tflite, .mlpackage, .mlmodel, .pt2), ``"model.py:function"``, ``"timm:NAME"``; and also a design, a graph, or any torch.nn.Module.
    device
        A device profile by its name, e.g. ``"iphone12"``, or a phone or chip that one profile alone is of; ``"my-server@batch8"`` for one of its batches.
    input_shape
        What it is read with, batch first: ``(1, 3, 224, 224)`` or ``"1x3x224x224"``; a sequence of these for several
        inputs, or a mapping from their names. None for a design's or a file's own, and (1, 3, 224, 224) for a module.
    confidence
        Level of the central interval, in (0, 1).
    strict
        Refuse a network of which some operator has no price on the device.
    merge
        Price it with its parallel linear branches merged, as RepVGG, MobileOne, RepViT and FastViT ship. Without it a
        network is priced as it is given, and a note says what merging would change.

    Returns
    -------
    LatencyEstimate
        ``latency_ms``, ``low_ms``, ``high_ms`` in milliseconds of one run of the network's batch, for a new measurement in
        the profile's reference protocol (of one image where the profile measures throughput); ``p_cliff``, ``complete`` and
        every kernel's share.

    Raises
    ------
    UnknownNameError
        There is no such device, or no such network.
    BatchError
        The device was not measured at the network's batch; nothing is scaled from one batch to another.
    UnsupportedOpError
        The module cannot be traced, or ``strict`` refuses it.
    InvalidValueError
        ``network`` is no network, or ``confidence`` is out of range.
    """
    name = profile_named(device)  # a wrong one is told before a network is read
    return price(read_network(network, input_shape), name, confidence, strict=strict, merge=merge).estimate
