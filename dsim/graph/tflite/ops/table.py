"""One visible dict from TFLite's operator to its translation; what is not in it stays by its own name."""

from __future__ import annotations

from dsim.errors import FileFormatError
from dsim.graph.onnx.attempt import attempt
from dsim.graph.tflite.ops import activations, maps, moving, products
from dsim.graph.tflite.tables import Operator
from dsim.graph.tflite.walk import MAX_DEPTH, Held, Translate, Walk

TRANSLATIONS: dict[str, Translate] = {
    # maps
    "CONV_2D": maps.conv,
    "DEPTHWISE_CONV_2D": maps.depthwise,
    "TRANSPOSE_CONV": maps.transposed_conv,
    "AVERAGE_POOL_2D": maps.pool("AveragePool"),
    "MAX_POOL_2D": maps.pool("MaxPool"),
    "RESIZE_BILINEAR": maps.resize("linear"),
    "RESIZE_NEAREST_NEIGHBOR": maps.resize("nearest"),
    "DEPTH_TO_SPACE": maps.blocks("DepthToSpace"),
    "SPACE_TO_DEPTH": maps.blocks("SpaceToDepth"),
    # products
    "FULLY_CONNECTED": products.fully_connected,
    "BATCH_MATMUL": products.batch_matmul,
    # two operands
    "ADD": products.binary("Add"),
    "SUB": products.binary("Sub"),
    "MUL": products.binary("Mul"),
    "DIV": products.binary("Div"),
    "POW": products.binary("Pow"),
    "MAXIMUM": products.binary("Max"),
    "MINIMUM": products.binary("Min"),
    "PRELU": products.binary("PRelu"),
    "SQUARED_DIFFERENCE": products.squared_difference,
    "ADD_N": products.total,
    # one operand
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE", "DENSIFY"), activations.same),
    "RELU": activations.unary("Relu"),
    "RELU6": activations.clip(0.0, 6.0),
    "RELU_N1_TO_1": activations.clip(-1.0, 1.0),
    "RELU_0_TO_1": activations.clip(0.0, 1.0),
    "GELU": activations.gelu,
    "HARD_SWISH": activations.unary("HardSwish"),
    "LOGISTIC": activations.unary("Sigmoid"),
    "TANH": activations.unary("Tanh"),
    "ELU": activations.unary("Elu"),
    "LEAKY_RELU": activations.leaky,
    "EXP": activations.unary("Exp"),
    "LOG": activations.unary("Log"),
    "ABS": activations.unary("Abs"),
    "NEG": activations.unary("Neg"),
    "SIN": activations.unary("Sin"),
    "COS": activations.unary("Cos"),
    "SIGN": activations.unary("Sign"),
    "FLOOR": activations.unary("Floor"),
    "CEIL": activations.unary("Ceil"),
    "SQRT": activations.unary("Sqrt"),
    "RSQRT": activations.inverse_root,
    "SQUARE": activations.square,
    "SOFTMAX": activations.softmax("Softmax"),
    "LOG_SOFTMAX": activations.softmax("LogSoftmax"),
    # views, orders, cutting and joining
    **dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), moving.reshape),
    "TRANSPOSE": moving.transpose,
    "CONCATENATION": moving.concat,
    "SPLIT": moving.split(1, 0),
    "SPLIT_V": moving.split(0, 2),
    "PACK": moving.pack,
    "UNPACK": moving.unpack,
    "PAD": moving.pad,
    "PADV2": moving.pad,
    "MIRROR_PAD": moving.mirror_pad,
    "SLICE": moving.cut,
    "STRIDED_SLICE": moving.strided,
    "GATHER": moving.gather,
    "BROADCAST_TO": moving.expand,
    "TILE": moving.tile,
    "SHAPE": moving.shape,
    # reductions
    "MEAN": moving.reduce("ReduceMean"),
    "SUM": moving.reduce("ReduceSum"),
    "REDUCE_MAX": moving.reduce("ReduceMax"),
    "REDUCE_MIN": moving.reduce("ReduceMin"),
    "REDUCE_PROD": moving.reduce("ReduceProd"),
}


def translate(walk: Walk) -> None:
    """Write all operators of a graph, in the order in which they run."""
    for operator in walk.tables.operators:
        walk.scope = walk.scope_of(operator)
        walk.count_operator()
        if operator.kind == "composite" and 0 < operator.body < len(walk.bodies):
            _inline(walk, operator)
            continue
        attempt(None if operator.kind else TRANSLATIONS.get(operator.name), walk, operator)


def _inline(walk: Walk, operator: Operator) -> None:
    """Write the operators of a composite in its place, as a runtime without a kernel for it does."""
    if walk.depth >= MAX_DEPTH:
        raise FileFormatError(
            f"composites must nest at most {MAX_DEPTH} deep, got more; convert the network again"
        )
    body = walk.bodies[operator.body]
    if len(body.inputs) != len(operator.inputs) or len(body.outputs) != len(operator.outputs):
        raise FileFormatError(
            f"the graph of a composite must take its inputs, got others in {operator.name[:100]!r}; convert again"
        )
    given: dict[int, Held] = {
        inner: walk.get(outer)
        for inner, outer in zip(body.inputs, operator.inputs, strict=True)
        if outer >= 0
    }
    inside = walk.inside(body, given)
    translate(inside)
    for outer, inner in zip(operator.outputs, body.outputs, strict=True):
        found = inside.get(inner)
        walk.put(outer, found.name, found.order)
