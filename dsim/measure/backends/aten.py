"""What torch's own operators compute, by their names: called one by one, or named in a kernel that Inductor fused."""

from __future__ import annotations

import math
from collections.abc import Sequence

from dsim.measure.records import TOGETHER, RuntimeOp

# operators of every namespace (aten, mkldnn, mkl), without overload and without the underscore of an in-place one.
# Those first that take longest: a kernel made of several goes by the first of them that its network holds
KINDS: dict[str, str] = {
    "conv2d": "conv", "convolution": "conv", "_convolution": "conv", "mkldnn_convolution": "conv",
    "cudnn_convolution": "conv", "_convolution_pointwise": "conv", "linear": "linear", "addmm": "linear",
    "_linear_pointwise": "linear", "_mkl_linear": "linear", "mm": "linear", "matmul": "matmul", "bmm": "matmul",
    "baddbmm": "matmul", "softmax": "softmax", "_softmax": "softmax", "avg_pool2d": "avg_pool",
    "max_pool2d": "max_pool", "max_pool2d_with_indices": "max_pool", "_low_memory_max_pool_with_offsets": "max_pool",
    "upsample_bilinear2d": "upsample", "upsample_nearest2d": "upsample", "upsample_bicubic2d": "upsample",
    "gelu": "gelu", "silu": "silu", "hardswish": "hardswish", "hardsigmoid": "hardsigmoid", "sigmoid": "sigmoid",
    "tanh": "tanh", "relu6": "relu6", "hardtanh": "relu6", "relu": "relu", "layer_norm": "norm",
    "native_layer_norm": "norm", "group_norm": "norm", "native_group_norm": "norm", "batch_norm": "batch_norm",
    "native_batch_norm": "batch_norm", "_native_batch_norm_legit_no_training": "batch_norm", "mean": "mean",
    "sum": "sum", "cat": "concat", "index": "index", "constant_pad_nd": "pad", "pad": "pad", "add": "add",
    "sub": "sub", "rsub": "sub", "mul": "mul", "div": "div", "reshape": "reshape", "flatten": "reshape",
    "view": "reshape", "_unsafe_view": "reshape", "unsqueeze": "reshape", "squeeze": "reshape",
    "permute": "transpose", "transpose": "transpose", "split_with_sizes": "split", "split": "split",
    "slice": "slice",
}  # fmt: skip
PRODUCTS = ("conv", "linear", "matmul")
_BIAS_FIRST = ("addmm", "baddbmm")


def plain_name(qualified: str) -> str:
    """Return ``add`` for ``aten::add_``."""
    return qualified.partition("::")[2].rstrip("_")


def aten_op(
    qualified: str, inputs: Sequence[tuple[int, ...]], output: tuple[int, ...], latency_ms: float
) -> RuntimeOp:
    """Make a record of an operator from the shapes of the tensors that it reads, weights included, and writes."""
    name = plain_name(qualified)
    kind = KINDS.get(name, "")
    elements = math.prod(output)
    macs = 0
    if kind == "conv":
        macs = elements * math.prod(inputs[1][1:])
    elif kind in PRODUCTS:
        macs = elements * inputs[1 if name in _BIAS_FIRST else 0][-1]
    return RuntimeOp(name, kind, macs, elements, latency_ms)


def kinds_in(kernel: str) -> str:
    """Return what a kernel of Inductor's computes, from its name, which holds those of the operators that it was made of.

    ``cpp_fused_add_avg_pool2d_mul_sub_1`` gives ``avg_pool+add+sub+mul``. Products come last: a kernel that was not
    called from a library holds one only where it is so small that it was written out, and may name one that it only
    reads the result of.
    """
    rest = f"_{kernel}_"
    found: list[str] = []
    for name in sorted(KINDS, key=len, reverse=True):  # the longest first: native_layer_norm is no layer_norm
        if f"_{name}_" in rest:
            rest = rest.replace(f"_{name}_", "__")
            found.append(KINDS[name])
    order = list(KINDS.values())
    return TOGETHER.join(sorted(set(found), key=lambda kind: (kind in PRODUCTS, order.index(kind))))
