"""One visible dict from MIL's operation to its translation; what is not in it stays by its own name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dsim.graph.coreml.ops import elementwise, layers, moving
from dsim.graph.coreml.walk import Translate, Walk
from dsim.graph.onnx.attempt import attempt

COMPRESSED = "constexpr_"  # operations that stand for a weight: palettes, sparse or quantised numbers
TRANSLATIONS: dict[str, Translate] = {
    # layers with weights, products, pools
    "conv": layers.conv,
    "conv_transpose": layers.conv_transpose,
    "linear": layers.linear,
    "matmul": layers.matmul,
    "scaled_dot_product_attention": layers.attention,
    "batch_norm": layers.batch_norm,
    "layer_norm": layers.layer_norm,
    "avg_pool": layers.pool("AveragePool"),
    "max_pool": layers.pool("MaxPool"),
    **dict.fromkeys(("upsample_bilinear", "resize_bilinear"), layers.resize("linear")),
    **dict.fromkeys(("upsample_nearest_neighbor", "resize_nearest_neighbor"), layers.resize("nearest")),
    # one operand
    **dict.fromkeys(("identity", "cast", "quantize", "dequantize"), elementwise.same),
    "relu": elementwise.unary("Relu"),
    "relu6": elementwise.relu6,
    "clip": elementwise.clip,
    "gelu": elementwise.gelu,
    "silu": elementwise.silu,
    "sigmoid": elementwise.unary("Sigmoid"),
    "sigmoid_hard": elementwise.hard_sigmoid,
    "tanh": elementwise.unary("Tanh"),
    "leaky_relu": elementwise.leaky,
    "prelu": elementwise.prelu,
    "thresholded_relu": elementwise.thresholded,
    "erf": elementwise.unary("Erf"),
    "exp": elementwise.unary("Exp"),
    "log": elementwise.unary("Log"),
    "abs": elementwise.unary("Abs"),
    "floor": elementwise.unary("Floor"),
    "ceil": elementwise.unary("Ceil"),
    "sqrt": elementwise.unary("Sqrt"),
    "rsqrt": elementwise.inverse_root,
    "inverse": elementwise.unary("Reciprocal"),
    "square": elementwise.square,
    "softmax": elementwise.softmax,
    # two operands
    "add": elementwise.binary("Add"),
    "sub": elementwise.binary("Sub"),
    "mul": elementwise.binary("Mul"),
    "real_div": elementwise.binary("Div"),
    "pow": elementwise.binary("Pow"),
    "maximum": elementwise.binary("Max"),
    "minimum": elementwise.binary("Min"),
    "select": elementwise.select,
    # reductions
    "reduce_mean": elementwise.reduce("ReduceMean"),
    "reduce_sum": elementwise.reduce("ReduceSum"),
    "reduce_max": elementwise.reduce("ReduceMax"),
    "reduce_min": elementwise.reduce("ReduceMin"),
    "reduce_l2_norm": elementwise.reduce("ReduceL2"),
    # views, orders, cutting and joining
    **dict.fromkeys(("reshape", "squeeze", "expand_dims", "flatten2d"), moving.reshape),
    "transpose": moving.transpose,
    "concat": moving.concat,
    "stack": moving.stack,
    "split": moving.split,
    "slice_by_index": moving.slice_by_index,
    "slice_by_size": moving.slice_by_size,
    "pad": moving.pad,
    "gather": moving.gather,
    "tile": moving.tile,
    "shape": moving.shape,
    "pixel_shuffle": moving.shuffle,
    "depth_to_space": moving.blocks("DepthToSpace"),
    "space_to_depth": moving.blocks("SpaceToDepth"),
}


def translate(walk: Walk, operations: Iterable[Any]) -> None:
    """Write all operations of a program, in the order in which they run."""
    for operation in operations:
        for output in operation.outputs:
            walk.state(output)
        if operation.type == "const":
            walk.remember(operation)
            continue
        if operation.type.startswith(COMPRESSED):
            walk.weight(operation)
            continue
        attempt(TRANSLATIONS.get(operation.type), walk, operation)
