"""Layers with weights, norms, products and pools."""

from __future__ import annotations

from typing import Any

import numpy as np

from dsim.graph.coreml.older.walk import Walk

MATRIX = 2  # axes of one


def _padding(p: Any) -> dict[str, Any]:
    """Return the attributes of a window's padding in ONNX's words."""
    (either,) = p.DESCRIPTOR.oneofs
    kind = p.WhichOneof(either.name)
    if kind == "same":
        return {"auto_pad": "SAME_LOWER" if p.same.asymmetryMode else "SAME_UPPER"}
    if kind == "includeLastPixel":
        sides = [int(amount) for amount in p.includeLastPixel.paddingAmounts] or [0, 0]
        return {"pads": [*sides, *sides], "ceil_mode": 1}
    edges = p.valid.paddingAmounts.borderAmounts
    if not edges:
        return {"pads": [0, 0, 0, 0]}
    return {"pads": [*(int(one.startEdgeSize) for one in edges), *(int(one.endEdgeSize) for one in edges)]}


def _sides(values: Any, default: int) -> list[int]:
    return [int(value) for value in values] or [default, default]


def _bias(walk: Walk, p: Any, channels: int) -> list[str]:
    """Return a bias, but one of zeros: converters write it where a layer has none."""
    if not p.hasBias:
        return []
    known = p.bias.floatValue
    return [] if len(known) == channels and not np.any(known) else [walk.weight([channels], p.bias)]


def convolution(walk: Walk, layer: Any, p: Any) -> str:
    """Write a convolution, or a transposed one."""
    if len(layer.input) != 1:
        raise ValueError("weights that are computed at run time")
    kernel, groups, channels = _sides(p.kernelSize, 3), int(p.nGroups) or 1, int(p.outputChannels)
    attrs = {
        "kernel_shape": kernel,
        "strides": _sides(p.stride, 1),
        "dilations": _sides(p.dilationFactor, 1),
        "group": groups,
        **_padding(p),
    }
    if p.isDeconvolution:
        weight = walk.weight([p.kernelChannels, channels // groups, *kernel], p.weights)
        if p.outputShape:
            attrs |= {"output_shape": [int(size) for size in p.outputShape]}
            attrs.pop("pads", None)
        return walk.add(
            "ConvTranspose", [walk.name(layer.input[0]), weight, *_bias(walk, p, channels)], **attrs
        )
    weight = walk.weight([channels, p.kernelChannels, *kernel], p.weights)
    return walk.add("Conv", [walk.name(layer.input[0]), weight, *_bias(walk, p, channels)], **attrs)


def inner_product(walk: Walk, layer: Any, p: Any) -> str:
    """Write a linear layer: over the last axis, or over the channels of a map of one position."""
    name, inputs, outputs = walk.name(layer.input[0]), int(p.inputChannels), int(p.outputChannels)
    shape = walk.shape(name)
    on_map = len(shape) > MATRIX and shape[-3:] == (inputs, 1, 1) and not (walk.exact and shape[-1] == inputs)
    if on_map:
        name = walk.add("Reshape", [name, walk.ints([*shape[:-3], inputs])])
    made = walk.add("MatMul", [name, walk.weight([inputs, outputs], p.weights)])
    if bias := _bias(walk, p, outputs):
        made = walk.add("Add", [made, *bias])
    return walk.add("Reshape", [made, walk.ints([*shape[:-3], outputs, 1, 1])]) if on_map else made


def batched_matmul(walk: Walk, layer: Any, p: Any) -> str:
    """Write a product of two tensors, each transposed where the file says so, or of one and a weight."""
    names = [walk.name(blob) for blob in layer.input]
    if len(names) == 1:
        rows, columns = int(p.weightMatrixFirstDimension), int(p.weightMatrixSecondDimension)
        made = walk.add("MatMul", [names[0], walk.weight([rows, columns], p.weights)])
        bias = _bias(walk, p, columns)
        return walk.add("Add", [made, *bias]) if bias else made
    turned = []
    for name, flag in zip(names, (p.transposeA, p.transposeB), strict=True):
        rank = len(walk.shape(name))
        perm = [*range(rank - 2), rank - 1, rank - 2]
        turned.append(walk.add("Transpose", [name], perm=perm) if flag else name)
    return walk.add("MatMul", turned)


def batch_norm(walk: Walk, layer: Any, p: Any) -> str:
    """Write a batch norm with its statistics, or an instance norm."""
    name, channels = walk.name(layer.input[0]), int(p.channels)
    scale, shift = walk.weight([channels], p.gamma), walk.weight([channels], p.beta)
    if p.instanceNormalization:
        return walk.add("InstanceNormalization", [name, scale, shift])
    return walk.add(
        "BatchNormalization",
        [name, scale, shift, walk.weight([channels], p.mean), walk.weight([channels], p.variance)],
    )


def layer_norm(walk: Walk, layer: Any, p: Any) -> str:
    """Write a layer norm over the last axes."""
    shape = [int(size) for size in p.normalizedShape]
    names = [walk.name(layer.input[0]), walk.weight(shape, p.gamma), walk.weight(shape, p.beta)]
    return walk.add("LayerNormalization", names, axis=-len(shape))


def mean_variance(walk: Walk, layer: Any, p: Any) -> str:
    """Write a norm over positions, or over channels and positions; a scale that follows is part of it."""
    name = walk.name(layer.input[0])
    axes = 3 if p.acrossChannels else 2
    if not p.normalizeVariance:
        mean = walk.add("ReduceMean", [name, walk.ints(range(-axes, 0))])
        return walk.add("Sub", [name, mean])
    normed = walk.shape(name)[-axes:]
    while len(normed) > 1 and normed[0] == 1:  # converters write a norm over one axis as one over two
        normed = normed[1:]
    after = walk.only_reader(layer)
    if after is not None and after.WhichOneof("layer") == "scale" and _fits(after.scale, normed):
        shift = [walk.weight(normed, after.scale.bias)] if after.scale.hasBias else []
        made = walk.add(
            "LayerNormalization", [name, walk.weight(normed, after.scale.scale), *shift], axis=-len(normed)
        )
        walk.together([after], made)
        return made
    ones = walk.add("Expand", [walk.number(1.0), walk.ints(normed)])
    return walk.add("LayerNormalization", [name, ones], axis=-len(normed))


def _fits(scale: Any, normed: tuple[int, ...]) -> bool:
    """Tell whether a layer of scales has one for each of the elements over which a norm goes."""
    shapes = [scale.shapeScale, *([scale.shapeBias] if scale.hasBias else [])]
    return all(
        tuple(shape[-len(normed) :]) == normed and all(size == 1 for size in shape[: -len(normed)])
        for shape in shapes
    )


def pooling(walk: Walk, layer: Any, p: Any) -> str:
    """Write a pool over windows or over the whole map."""
    name, op = walk.name(layer.input[0]), ("MaxPool", "AveragePool")[p.type]
    if p.globalPooling:
        return walk.add(f"Global{op}", [name])
    attrs = {"kernel_shape": _sides(p.kernelSize, 3), "strides": _sides(p.stride, 1), **_padding(p)}
    if op == "AveragePool":
        attrs["count_include_pad"] = int(not p.avgPoolExcludePadding)
    return walk.add(op, [name], **attrs)
