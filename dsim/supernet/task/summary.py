"""What the task's model sees of a design: sums over its ops, so that the pieces of a design add up to the whole.

An op says by the size of its map in which stage it stands, for the four maps of a design differ in size. What kinds of
blocks a stage has follows from its ops, for each block is made of a known number of each (`BLOCKS`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Mixer
from dsim.attrs import ConvAttrs
from dsim.graph import Graph
from dsim.graph.graph import Node
from dsim.op import ACTIVATIONS, Op, OpKind

Floats = NDArray[np.float64]

STAGES = 4
PLAIN = (Mixer.POOLING, Mixer.CONV3, Mixer.CONV5, Mixer.CONV7, Mixer.FFN, Mixer.IDENTITY)
# what is counted of the ops of a stage, and how many of each a block has
OPS = ("pools", "depthwise3", "depthwise5", "depthwise7", "sums", "activations", "softmaxes")
BLOCKS: dict[Mixer, tuple[int, ...]] = {
    Mixer.POOLING: (1, 0, 0, 0, 2, 1, 0),
    Mixer.CONV3: (0, 1, 0, 0, 2, 1, 0),
    Mixer.CONV5: (0, 0, 1, 0, 2, 1, 0),
    Mixer.CONV7: (0, 0, 0, 1, 2, 1, 0),
    Mixer.FFN: (0, 1, 0, 0, 1, 2, 0),
    Mixer.IDENTITY: (0, 0, 0, 0, 1, 1, 0),
    Mixer.ATTENTION: (0, 0, 0, 0, 2, 1, 1),  # V2's too, without what `_add_v2` takes off
}
_FROM_OPS = np.linalg.inv(
    np.array(list(BLOCKS.values()), dtype=np.float64)
)  # ops of a stage @ this = its blocks
VALUES = 1024  # channels of the values in V2's attention, behind which an activation of its own stands

STAGE_COLUMNS = ("width", *map(str, BLOCKS), "hidden", "hidden_layers")
COLUMNS: tuple[str, ...] = (
    *(f"{name}_{stage + 1}" for stage in range(STAGES) for name in STAGE_COLUMNS),
    "params",
    "macs",
)


@dataclass
class _Stage:
    """What the ops of one stage add up to; hidden: channels and layers inside MLPs."""

    width: float = 0.0
    hidden: float = 0.0
    hidden_layers: float = 0.0
    ops: Floats = field(default_factory=lambda: np.zeros(len(OPS)))

    def add(self, name: str, count: float = 1.0) -> None:
        """Count an op."""
        self.ops[OPS.index(name)] += count

    def activate(self, channels: float, count: float = 1.0) -> None:
        """Count an activation."""
        self.add("activations", count)
        self.hidden += count * channels
        self.hidden_layers += count


def summarise(graph: Graph, resolution: int) -> Floats:
    """Sum what a design, or a piece of one, is made of.

    Parameters
    ----------
    graph
        As built: before batch norms are folded.
    resolution
        Side of the design's images in pixels, which says how large the map of each stage is.

    Returns
    -------
    float64 array, shape (len(COLUMNS),)
        For each stage its width, how many blocks of each kind it has, the hidden channels of all layers inside its MLPs,
        and how many layers these are; then parameters and multiply-accumulates. Additive: the pieces of a design sum to
        the whole.
    """
    stages = {(resolution // (4 << stage)) ** 2: _Stage() for stage in range(STAGES)}
    for node in graph.nodes:
        if node.op.kind is OpKind.SOFTMAX:
            _add_attention(stages, graph, node)
        else:
            _add(stages, node)
    row: list[float] = []
    for stage in stages.values():
        row += [stage.width, *np.round(stage.ops @ _FROM_OPS, 6), stage.hidden, stage.hidden_layers]
    return np.array([*row, graph.params, graph.macs], dtype=np.float64)


def _add(stages: dict[int, _Stage], node: Node) -> None:
    op = node.op
    here = stages.get(_positions(op.outputs[0].shape))
    if here is None:
        return
    if op.kind is OpKind.CONV2D:
        _add_conv(here, op, here is next(iter(stages.values())))
    elif op.kind is OpKind.AVG_POOL:
        here.add("pools")
    elif op.kind is OpKind.ADD and len(node.inputs) == 2:
        here.add("sums")
    elif op.kind in ACTIVATIONS:
        here.activate(_channels(op.outputs[0].shape))
    elif (
        op.kind is OpKind.UPSAMPLE
    ):  # behind V2's attention on a map of half the size, which belongs to this stage
        _add_v2(stages[_positions(op.inputs[0].shape)], -1)
        _add_v2(here, 1)


def _add_conv(here: _Stage, op: Op, first: bool) -> None:
    attrs = op.attrs
    assert isinstance(attrs, ConvAttrs)
    strided = max(attrs.stride) > 1
    if op.is_depthwise and not strided:
        here.add(f"depthwise{attrs.kernel[0]}")
    elif attrs.groups == 1 and strided:  # what leads into a stage has its width
        here.width += attrs.out_channels
        if (
            first and attrs.stride[0] == 2
        ):  # the second of two, with an activation behind it that is no block's
            here.activate(attrs.out_channels, -1)


def _add_attention(stages: dict[int, _Stage], graph: Graph, node: Node) -> None:
    here = stages.get(node.op.outputs[0].shape[-1])
    if here is None:  # of a design for another resolution
        return
    before = node.inputs[0].node
    if before >= 0 and graph.nodes[before].op.kind is OpKind.CONV2D:  # heads that talk: V2's
        here.add("depthwise3", -1)  # on its values
        here.add("sums", -1)
        _add_v2(here, 1)
    else:
        here.add("softmaxes")


def _add_v2(home: _Stage, count: int) -> None:
    """Count a V2 attention in the stage where it belongs, so that it looks like one with a plain MLP."""
    home.add("softmaxes", count)
    home.activate(VALUES, -count)
    home.add("activations", -count)  # its MLP's second
    home.add("depthwise3", -count)


def _positions(shape: tuple[int, ...]) -> int:
    """Return the positions of a map (N, C, H, W) or of tokens (N, positions, C); 0 for anything else."""
    return math.prod(shape[2:]) if len(shape) == 4 else shape[1] if len(shape) == 3 else 0


def _channels(shape: tuple[int, ...]) -> int:
    return shape[1] if len(shape) == 4 else shape[-1]
