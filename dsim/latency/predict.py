"""predict: the latency of one network on one device. What `dsim.predict` runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.graph import Graph
from dsim.graph.read import HasGraph, as_graph
from dsim.latency.batch import Asked, ask
from dsim.latency.learn import load_model
from dsim.latency.records import LatencyEstimate

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Priced:
    """A network's price on a device, and what exactly was priced."""

    asked: Asked
    estimate: LatencyEstimate


def price(device: str, graph: Graph, confidence: float = 0.9) -> Priced:
    """Price a graph on a device, at the batch that it takes.

    Raises
    ------
    UnknownNameError
        There is no such device.
    BatchError
        The device was not measured at the network's batch.
    """
    asked = ask(device, graph)
    found = load_model(asked.profile.name).estimate(asked.graph, confidence)
    return Priced(asked, replace(found, notes=(*asked.notes, *graph.notes, *found.notes)))


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
        Name of a device profile, e.g. ``"iphone12"``; ``"my-server@batch8"`` for one of its batches.
    input_shape
        What a module is read with, batch first, (1, 3, 224, 224) if None; a design and an .onnx file have their own.
    confidence
        Level of the central interval, in (0, 1).

    Returns
    -------
    LatencyEstimate
        ``latency_ms``, ``low_ms``, ``high_ms`` in milliseconds of one run of the network's batch, for a new measurement in
        the profile's reference protocol (of one image where the profile measures throughput); ``p_cliff``, ``complete`` and every kernel's share.

    Raises
    ------
    UnknownNameError
        There is no such device.
    BatchError
        The device was not measured at the network's batch; nothing is scaled from one batch to another.
    UnsupportedOpError
        The module cannot be traced.
    InvalidValueError
        ``network`` is no network, or ``confidence`` is out of range.
    """
    return price(device, as_graph(network, input_shape), confidence).estimate
