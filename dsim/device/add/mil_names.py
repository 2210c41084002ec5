"""Core ML's names of operators (MIL), and the kinds that dsim tells apart."""

from __future__ import annotations

from dsim.op import OpKind

MIL: dict[str, OpKind] = {
    "conv": OpKind.CONV2D,
    "linear": OpKind.LINEAR,
    "matmul": OpKind.MATMUL,
    "softmax": OpKind.SOFTMAX,
    "batch_norm": OpKind.BATCH_NORM,
    "layer_norm": OpKind.LAYER_NORM,
    "instance_norm": OpKind.GROUP_NORM,
    "relu": OpKind.RELU,
    "relu6": OpKind.RELU6,
    "gelu": OpKind.GELU,
    "silu": OpKind.SILU,
    "sigmoid": OpKind.SIGMOID,
    "sigmoid_hard": OpKind.HARDSIGMOID,
    "tanh": OpKind.TANH,
    "avg_pool": OpKind.AVG_POOL,
    "max_pool": OpKind.MAX_POOL,
    "concat": OpKind.CONCAT,
    "split": OpKind.SPLIT,
    "reshape": OpKind.RESHAPE,
    "transpose": OpKind.TRANSPOSE,
    "pad": OpKind.PAD,
}


def kind_of(name: str) -> OpKind | None:
    """Return the kind of an operator of a plan (``ios16.gelu``); None for one that stands for no kind by itself."""
    return MIL.get(name.rpartition(".")[2])
