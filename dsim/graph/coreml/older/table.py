"""One visible dict from a layer's kind to its translation. A kind that is not in it ends the reading, for what follows has no shape."""

from __future__ import annotations

from dsim.graph.coreml.older import elementwise, moving, weighted
from dsim.graph.coreml.older.walk import Translate

TRANSLATIONS: dict[str, Translate] = {
    # layers with weights, norms, products, pools
    "convolution": weighted.convolution,
    "innerProduct": weighted.inner_product,
    "batchedMatmul": weighted.batched_matmul,
    "batchnorm": weighted.batch_norm,
    "layerNormalization": weighted.layer_norm,
    "mvn": weighted.mean_variance,
    "pooling": weighted.pooling,
    # one operand
    "activation": elementwise.activation,
    "unary": elementwise.unary_function,
    "gelu": elementwise.gelu,
    "clip": elementwise.clip,
    "scale": elementwise.scale,
    "bias": elementwise.bias,
    "copy": elementwise.same,
    **{
        kind: elementwise.unary(kind.capitalize())
        for kind in ("erf", "tanh", "ceil", "floor", "sign", "round")
    },
    "softmax": elementwise.softmax,
    "softmaxND": elementwise.softmax_on_axis,
    # several operands
    **dict.fromkeys(("add", "addBroadcastable"), elementwise.add),
    **dict.fromkeys(("multiply", "multiplyBroadcastable"), elementwise.folded("Mul")),
    **dict.fromkeys(("max", "maxBroadcastable"), elementwise.folded("Max")),
    **dict.fromkeys(("min", "minBroadcastable"), elementwise.folded("Min")),
    "subtractBroadcastable": elementwise.folded("Sub"),
    "divideBroadcastable": elementwise.folded("Div"),
    "powBroadcastable": elementwise.folded("Pow"),
    # reductions
    "reduce": elementwise.older_reduce,
    "reduceMean": elementwise.reduce("ReduceMean"),
    "reduceSum": elementwise.reduce("ReduceSum"),
    "reduceMax": elementwise.reduce("ReduceMax"),
    "reduceMin": elementwise.reduce("ReduceMin"),
    "reduceL2": elementwise.reduce("ReduceL2"),
    # constants, views, orders, cutting and joining
    **dict.fromkeys(("loadConstant", "loadConstantND"), moving.constant),
    **dict.fromkeys(("reshape", "reshapeStatic", "rankPreservingReshape"), moving.reshape_to),
    "flatten": moving.flatten,
    "flattenTo2D": moving.flatten_to_matrix,
    "squeeze": moving.squeeze,
    "expandDims": moving.expand,
    "transpose": moving.transpose,
    "permute": moving.permute,
    "concat": moving.concat,
    "concatND": moving.concat_on_axis,
    "stack": moving.stack,
    "split": moving.split,
    "splitND": moving.split_on_axis,
    "slice": moving.slice_part,
    "sliceStatic": moving.slice_static,
    "padding": moving.pad,
    "upsample": moving.upsample,
    "resizeBilinear": moving.resize,
    "reorganizeData": moving.reorganise,
}
