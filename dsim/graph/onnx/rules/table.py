"""One visible dict from ONNX operator to the rule that writes it in the ops of the IR."""

from __future__ import annotations

from dsim.graph.onnx.rules import attention, elementwise, moving, pooling, weighted
from dsim.graph.onnx.rules.arguments import Rule
from dsim.op import OpKind

RULES: dict[str, Rule] = {
    # layers with weights
    "Conv": weighted.conv,
    "Gemm": weighted.gemm,
    "MatMul": weighted.matmul,
    "Linear": weighted.linear,  # made by a pattern
    "Einsum": weighted.einsum,
    "Attention": attention.standard,
    "PackedAttention": attention.packed,  # com.microsoft's Attention, QAttention
    "MultiHeadAttention": attention.multi_head,  # com.microsoft's
    "BatchNormalization": weighted.batch_norm,
    "LayerNormalization": weighted.layer_norm,
    "GroupNormalization": weighted.group_norm,
    "InstanceNormalization": weighted.instance_norm,
    # activations and arithmetic
    "Relu": elementwise.unary(OpKind.RELU),
    "Gelu": elementwise.gelu,
    "Silu": elementwise.unary(OpKind.SILU),  # made by a pattern
    "Swish": elementwise.swish,
    "QuickGelu": elementwise.quick_gelu,  # com.microsoft's
    "HardSwish": elementwise.unary(OpKind.HARDSWISH),
    "HardSigmoid": elementwise.hard_sigmoid,
    "Sigmoid": elementwise.unary(OpKind.SIGMOID),
    "Tanh": elementwise.unary(OpKind.TANH),
    "Clip": elementwise.clip,
    "Softmax": elementwise.softmax,
    "Add": elementwise.binary(OpKind.ADD),
    "Sub": elementwise.binary(OpKind.SUB),
    "Mul": elementwise.binary(OpKind.MUL),
    "Div": elementwise.binary(OpKind.DIV),
    "Sum": elementwise.total,
    "Neg": lambda t, attrs, x: t.binary(OpKind.MUL, x, -1.0),
    "Reciprocal": lambda t, attrs, x: t.binary(OpKind.DIV, 1.0, x),
    "Pow": elementwise.power,
    # pooling, reduction, resizing
    "AveragePool": pooling.pool(OpKind.AVG_POOL),
    "MaxPool": pooling.pool(OpKind.MAX_POOL),
    "GlobalAveragePool": pooling.global_pool(OpKind.GLOBAL_POOL),
    "GlobalMaxPool": pooling.global_pool(OpKind.MAX_POOL),
    "ReduceMean": pooling.reduce(OpKind.MEAN),
    "ReduceSum": pooling.reduce(OpKind.SUM),
    "Resize": pooling.resize,
    "Upsample": pooling.resize,
    # views and orders
    **dict.fromkeys(("Reshape", "Flatten", "Squeeze", "Unsqueeze"), moving.as_expected),
    "Transpose": moving.transpose,
    "DepthToSpace": moving.depth_to_space,
    "SpaceToDepth": moving.space_to_depth,
    # cutting and joining
    "Concat": moving.concat,
    "Split": moving.split,
    "Slice": moving.cut,
    "Pad": moving.pad,
    "Gather": moving.gathered,
    "Expand": moving.expand,
    "Tile": moving.tile,
}
