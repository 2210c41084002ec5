"""What the accuracy model sees of a network: sums over its ops, so that the pieces of a design add up to the whole.

Every column is additive. Sizes are absolute; `dsim.accuracy.features` turns sums into logarithms, shares and means.
A "position" is one place of a feature map or one token; ``log2 side`` is half the logarithm of their number.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from dsim.accuracy.branches import redundant_branches
from dsim.graph import Graph
from dsim.graph.graph import Node
from dsim.op import ACTIVATIONS, NORMS, Op, OpKind

FloatArray = npt.NDArray[np.float64]

MIXERS = ("dense", "grouped", "patch", "dw_small", "dw_large", "channel", "vector", "attention")
_ACTIVATION_GROUPS = {
    OpKind.RELU: "relu",
    OpKind.RELU6: "relu6",
    OpKind.GELU: "gelu",
    OpKind.SILU: "silu",
    OpKind.HARDSWISH: "hardswish",
}
_GROUPS = ("relu", "relu6", "gelu", "silu", "hardswish", "squash")
_NORM_NAMES = {
    OpKind.BATCH_NORM: "batch_norm",
    OpKind.LAYER_NORM: "layer_norm",
    OpKind.GROUP_NORM: "group_norm",
}
_POOLS = frozenset({OpKind.AVG_POOL, OpKind.MAX_POOL})

COLUMNS: tuple[str, ...] = (
    "params",
    "macs",
    "activations",
    "classifier_params",
    "input_positions",
    *(f"macs_{m}" for m in MIXERS),
    *(f"params_{m}" for m in MIXERS),
    *(f"layers_{m}" for m in MIXERS),
    "layers_side",
    "layers_side2",
    "macs_side",
    "macs_side2",
    "params_side",
    "params_side2",
    "layers_width",
    "macs_width",
    "params_width",
    "layers_strided",
    "softmaxes",
    "softmax_side",
    "residuals",
    "gates",
    "gate_elements",
    "concats",
    "pools",
    "pool_elements",
    *(f"elements_{g}" for g in _GROUPS),
    "elements_batch_norm",
    "elements_layer_norm",
    "elements_group_norm",
)
INDEX: dict[str, int] = {name: k for k, name in enumerate(COLUMNS)}


def summarise(graph: Graph) -> FloatArray:
    """Sum what a network is made of.

    Parameters
    ----------
    graph
        A network or a piece of one, as built or read: before batch norms are folded (after it, their elements count
        as none).

    Returns
    -------
    float64 array, shape (len(COLUMNS),)
        One value a column of ``COLUMNS``. Additive: the pieces of a design sum to the whole.
    """
    row = np.zeros(len(COLUMNS))
    dropped, joins = redundant_branches(graph)
    for index, node in enumerate(graph.nodes):
        if index not in dropped:
            _add_node(row, node, is_residual=index not in joins)
    return row


def _add_node(row: FloatArray, node: Node, *, is_residual: bool) -> None:
    op = node.op
    row[INDEX["params"]] += op.params
    elements = op.elements_written
    if op.macs:
        _add_layer(row, op)
    elif op.kind is OpKind.SOFTMAX:
        row[INDEX["softmaxes"]] += 1
        row[INDEX["softmax_side"]] += _log2_side(op.outputs[0].shape[-1])
    elif op.kind is OpKind.ADD and len(node.inputs) == 2 and op.inputs[0] == op.inputs[1]:
        row[INDEX["residuals"]] += is_residual
    elif op.kind is OpKind.MUL and len(node.inputs) == 2:
        row[INDEX["gates"]] += 1
        row[INDEX["gate_elements"]] += elements
    elif op.kind is OpKind.CONCAT:
        row[INDEX["concats"]] += 1
    elif op.kind in _POOLS:
        row[INDEX["pools"]] += 1
        row[INDEX["pool_elements"]] += elements
    elif op.kind in NORMS:
        row[INDEX[f"elements_{_NORM_NAMES[op.kind]}"]] += elements
    for kind in (op.kind, op.activation):
        if kind in ACTIVATIONS:
            row[INDEX[f"elements_{_ACTIVATION_GROUPS.get(kind, 'squash')}"]] += elements


def _add_layer(row: FloatArray, op: Op) -> None:
    shape = op.outputs[0].shape
    mixer = _mixer(op)
    width = shape[1] if op.kind is OpKind.CONV2D else shape[-1]
    positions = op.outputs[0].numel // width
    side, log_width = _log2_side(positions), math.log2(width)
    row[INDEX["macs"]] += op.macs
    row[INDEX["activations"]] += op.elements_written
    row[INDEX[f"macs_{mixer}"]] += op.macs
    row[INDEX[f"params_{mixer}"]] += op.params
    row[INDEX[f"layers_{mixer}"]] += 1
    if op.kind is OpKind.CONV2D and op.inputs[0].shape[1] == 3:
        # over the whole batch: a network may cut the image into small images first (TNT)
        row[INDEX["input_positions"]] = max(row[INDEX["input_positions"]], op.inputs[0].numel // 3)
    if mixer == "vector":
        if width in (1000, 1001):
            row[INDEX["classifier_params"]] += op.params
        return
    if mixer != "attention":
        for name, weight in (("layers", 1.0), ("macs", op.macs), ("params", op.params)):
            row[INDEX[f"{name}_side"]] += weight * side
            row[INDEX[f"{name}_side2"]] += weight * side * side
            row[INDEX[f"{name}_width"]] += weight * log_width
        if op.kind is OpKind.CONV2D and op.inputs[0].shape[2] > shape[2]:
            row[INDEX["layers_strided"]] += 1


def _mixer(op: Op) -> str:
    if op.kind is OpKind.MATMUL:
        return "attention"
    if op.kind is OpKind.LINEAR:
        return "vector" if op.outputs[0].numel == op.outputs[0].shape[-1] else "channel"
    kernel, stride = op.attrs.kernel, op.attrs.stride  # type: ignore[union-attr]
    if max(op.outputs[0].shape[2:]) == 1:
        return "vector"
    if op.is_depthwise:
        return "dw_small" if max(kernel) <= 3 else "dw_large"
    if op.is_pointwise:
        return "channel"
    if kernel == stride:
        return "patch"
    return "dense" if op.attrs.groups == 1 else "grouped"  # type: ignore[union-attr]


def _log2_side(positions: int) -> float:
    return 0.5 * math.log2(positions)
