"""One visible dict from ATen operator to the rule that writes it in the ops of the IR."""

from __future__ import annotations

from dsim.graph.aten import attention, cutting, elementwise, gather, pooling, views, weighted
from dsim.graph.aten.arguments import Rule, reshaped, swapped, transposed
from dsim.graph.aten.einsum import einsum
from dsim.op import OpKind

# Rounding to the values of a quantised type and back; the first argument comes out with its shape.
QUANTISED: tuple[str, ...] = (
    "fake_quantize_per_tensor_affine",
    "fake_quantize_per_channel_affine",
    "fake_quantize_per_tensor_affine_cachemask",
    "fake_quantize_per_channel_affine_cachemask",
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
    "_fake_quantize_learnable_per_tensor_affine",
    "_fake_quantize_learnable_per_channel_affine",
    "fused_moving_avg_obs_fake_quant",
    "_fused_moving_avg_obs_fq_helper",
    "_fused_moving_avg_obs_fq_helper_functional",
    "quantize_per_tensor",
    "quantize_per_tensor_dynamic",
    "quantize_per_channel",
    "dequantize",
    *(
        f"quantized_decomposed::{way}_{what}"
        for way in ("quantize", "dequantize", "fake_quantize")
        for what in ("per_tensor", "per_channel", "per_token", "per_channel_group")
    ),
    "torchao::quantize_affine",
    "torchao::dequantize_affine",
)

RULES: dict[str, Rule] = {
    # layers with weights
    "conv1d": weighted.conv1d,
    "conv2d": weighted.conv2d,
    "convolution": weighted.convolution,
    "linear": weighted.linear,
    "matmul": weighted.matmul,
    "mm": weighted.matmul,
    "bmm": weighted.matmul,
    "addmm": weighted.addmm,
    "baddbmm": weighted.addmm,
    "einsum": einsum,
    "batch_norm": weighted.batch_norm,
    "_native_batch_norm_legit_no_training": weighted.batch_norm_inference,
    "layer_norm": weighted.layer_norm,
    "native_layer_norm": weighted.layer_norm,
    "group_norm": weighted.group_norm,
    "instance_norm": weighted.instance_norm,
    "scaled_dot_product_attention": attention.attention,
    # activations and arithmetic
    "relu": elementwise.unary(OpKind.RELU),
    "relu6": elementwise.unary(OpKind.RELU6),
    "gelu": elementwise.gelu,
    "silu": elementwise.unary(OpKind.SILU),
    "hardswish": elementwise.unary(OpKind.HARDSWISH),
    "hardsigmoid": elementwise.unary(OpKind.HARDSIGMOID),
    "sigmoid": elementwise.unary(OpKind.SIGMOID),
    "tanh": elementwise.unary(OpKind.TANH),
    "clamp": elementwise.clamp,
    "clamp_min": elementwise.clamp,
    "hardtanh": elementwise.hardtanh,
    "softmax": elementwise.softmax,
    "_softmax": elementwise.softmax,
    "add": elementwise.added,
    "sub": elementwise.binary(OpKind.SUB),
    "mul": elementwise.binary(OpKind.MUL),
    "div": elementwise.divided,
    "rsub": elementwise.reverse(OpKind.SUB),
    "reciprocal": lambda t, x: t.binary(OpKind.DIV, 1.0, x),
    "neg": lambda t, x: t.binary(OpKind.MUL, x, -1.0),
    "square": lambda t, x: t.binary(OpKind.MUL, x, x),
    "pow": elementwise.power,
    "addcmul": elementwise.addcmul,
    # pooling, reduction, resizing
    "avg_pool1d": pooling.avg_pool_1d,
    "avg_pool2d": pooling.avg_pool,
    "max_pool1d": pooling.max_pool_1d,
    "max_pool2d": pooling.max_pool,
    "max_pool2d_with_indices": pooling.max_pool,
    "adaptive_avg_pool1d": pooling.adaptive_avg_pool_1d,
    "adaptive_avg_pool2d": pooling.adaptive_pool(OpKind.AVG_POOL),
    "adaptive_max_pool2d": pooling.adaptive_pool(OpKind.MAX_POOL),
    "mean": pooling.reduce(OpKind.MEAN),
    "sum": pooling.reduce(OpKind.SUM),
    "upsample_nearest2d": pooling.upsample("nearest"),
    "upsample_bilinear2d": pooling.upsample("bilinear"),
    "upsample_bicubic2d": pooling.upsample("bicubic"),
    # views and orders
    "view": reshaped,
    "reshape": reshaped,
    "_unsafe_view": reshaped,
    "reshape_as": lambda t, x, other: reshaped(t, x, t.shape(other)),
    "view_as": lambda t, x, other: reshaped(t, x, t.shape(other)),
    "flatten": views.flatten,
    "unflatten": views.unflatten,
    "squeeze": views.squeeze,
    "unsqueeze": views.unsqueeze,
    "permute": transposed,
    "transpose": swapped,
    "swapaxes": swapped,
    "swapdims": swapped,
    "movedim": views.movedim,
    "moveaxis": views.movedim,
    "t": lambda t, x: swapped(t, x, -2, -1),
    "mT": lambda t, x: swapped(t, x, -2, -1),
    "numpy_T": lambda t, x: transposed(t, x, range(len(t.shape(x)))[::-1]),
    "pixel_shuffle": views.pixel_shuffle,
    "pixel_unshuffle": views.pixel_unshuffle,
    "channel_shuffle": views.channel_shuffle,
    # cutting and joining
    "split": cutting.split,
    "split_with_sizes": cutting.split,
    "unsafe_split": cutting.split,
    "chunk": cutting.chunk,
    "tensor_split": cutting.tensor_split,
    "unbind": cutting.unbind,
    "slice": cutting.cut,
    "narrow": lambda t, x, axis, start, length: cutting.cut(t, x, axis, start, start + length),
    "select": cutting.select,
    "cat": cutting.concat,
    "concat": cutting.concat,
    "stack": cutting.stack,
    "roll": cutting.roll,
    "pad": cutting.pad,
    "constant_pad_nd": cutting.pad,
    # copies by fixed places
    "index": gather.index,
    "index_select": gather.index_select,
    "expand": gather.expand,
    "expand_as": lambda t, x, other: gather.expand(t, x, t.shape(other)),
    "repeat": gather.gathered("repeat"),
    "repeat_interleave": gather.gathered("repeat"),
    "tile": gather.gathered("repeat"),
    "flip": gather.gathered("flip"),
    "unfold": gather.gathered("unfold"),
    "im2col": gather.gathered("unfold"),
    **dict.fromkeys(
        (
            "new_zeros",
            "new_ones",
            "new_full",
            "new_empty",
            "zeros_like",
            "ones_like",
            "full_like",
            "empty_like",
        ),
        gather.fresh,
    ),
    # a copy over a whole tensor is that tensor from then on
    "copy": lambda t, x, source, *_: source if t.shape(source) == t.shape(x) else None,
    # nothing at inference
    **dict.fromkeys(
        (
            "dropout",
            "feature_dropout",
            "alpha_dropout",
            "native_dropout",
            "contiguous",
            "clone",
            "alias",
            "detach",
        ),
        elementwise.same,
    ),
    # quantised training and files: read as the network that they quantise
    **dict.fromkeys(QUANTISED, elementwise.same),
    "quantized_decomposed::choose_qparams": elementwise.fresh_scales,
    "quantized_decomposed::choose_qparams_symmetric": elementwise.fresh_scales,
    "torchao::choose_qparams_affine": elementwise.fresh_scales,
    **dict.fromkeys(
        ("to", "_to_copy", "type_as", "float", "half", "lift_fresh_copy", "lift_fresh"), elementwise.same
    ),
}

# Checks that torch.export leaves in a program; they compute nothing.
SILENT: frozenset[str] = frozenset(
    {"_assert_tensor_metadata", "_assert_scalar", "_assert_async", "_assert", "sym_constrain_range"}
)
