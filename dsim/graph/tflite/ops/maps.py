"""Operators over maps: convolutions, pools, resizing. Their inputs are held with the channels first.

TFLite pads inside these operators. Where its padding is uneven, the IR pads as much on both sides as gives the same map;
a pad of zeros in front, which runtimes run inside the convolution, belongs to it.
"""

from __future__ import annotations

from typing import Any

from dsim.graph.onnx.windows import same_padding
from dsim.graph.tflite.ops.activations import finish
from dsim.graph.tflite.tables import Operator
from dsim.graph.tflite.walk import FIRST, Translate, Walk

SAME = 0  # the schema's Padding
Sides = tuple[int, int]


def _window(
    walk: Walk, op: Operator, place: int, kernel: Sides, dilation: Sides, *, least: bool = False
) -> tuple[str, dict[str, Any]]:
    """Return a map's name and how a window moves over it; ``least`` where a pad in front must be of the least number."""
    strides = (op.option("StrideH", 1), op.option("StrideW", 1))
    padded = walk.padded.get(place)
    if op.option("Padding") == SAME or padded is None or padded.zero == least:
        pairs = [(0, 0), (0, 0)]
        if op.option("Padding") == SAME:
            pairs = [
                same_padding(*side)
                for side in zip(walk.shape(place)[1:3], kernel, strides, dilation, strict=True)
            ]
    else:
        place = padded.place
        pairs = list(zip(padded.before, padded.after, strict=True))
    flat = [before for before, _ in pairs] + [after for _, after in pairs]
    return walk.first(place), {"kernel_shape": kernel, "strides": strides, "pads": flat}


def _dilation(op: Operator) -> Sides:
    return op.option("DilationHFactor", 1), op.option("DilationWFactor", 1)


def conv(walk: Walk, op: Operator) -> None:
    """CONV_2D(x, w (outputs, height, width, inputs of a group), bias)."""
    image, weight = op.inputs[0], op.inputs[1]
    _, height, width, inner = walk.shape(weight)
    name, attrs = _window(walk, op, image, (height, width), _dilation(op))
    groups = walk.shape(image)[3] // inner
    inputs = [name, walk.first(weight), *_bias(walk, op, 2)]
    made = walk.made.add("Conv", inputs, walk.scope, **attrs, dilations=_dilation(op), group=groups)
    finish(walk, op, made, FIRST)


def depthwise(walk: Walk, op: Operator) -> None:
    """DEPTHWISE_CONV_2D(x, w (1, height, width, outputs), bias): as many outputs for each input as divide them."""
    image, weight = op.inputs[0], op.inputs[1]
    _, height, width, _ = walk.shape(weight)
    name, attrs = _window(walk, op, image, (height, width), _dilation(op))
    turned = walk.made.add("Transpose", [walk.plain(weight)], perm=(3, 0, 1, 2))
    inputs = [name, turned, *_bias(walk, op, 2)]
    groups = walk.shape(image)[3]
    made = walk.made.add("Conv", inputs, walk.scope, **attrs, dilations=_dilation(op), group=groups)
    finish(walk, op, made, FIRST)


def transposed_conv(walk: Walk, op: Operator) -> None:
    """TRANSPOSE_CONV(shape, w (outputs, height, width, inputs), x, bias)."""
    weight, image = op.inputs[1], op.inputs[2]
    _, height, width, _ = walk.shape(weight)
    turned = walk.made.add("Transpose", [walk.plain(weight)], perm=(3, 0, 1, 2))
    made = walk.made.add(
        "ConvTranspose",
        [walk.first(image), turned, *_bias(walk, op, 3)],
        walk.scope,
        kernel_shape=(height, width),
        strides=(op.option("StrideH", 1), op.option("StrideW", 1)),
        output_shape=walk.shape(op.outputs[0])[1:3],
    )
    finish(walk, op, made, FIRST)


def _bias(walk: Walk, op: Operator, place: int) -> list[str]:
    return [walk.plain(op.inputs[place])] if len(op.inputs) > place and op.inputs[place] >= 0 else []


def pool(name: str) -> Translate:
    """Make the translation of a pool."""

    def translate(walk: Walk, op: Operator) -> None:
        (image,) = op.inputs
        kernel = (op.option("FilterHeight"), op.option("FilterWidth"))
        given, attrs = _window(walk, op, image, kernel, (1, 1), least=name == "MaxPool")
        inside = op.option("Padding") != SAME and any(attrs["pads"])
        counted = {"count_include_pad": 1} if name == "AveragePool" and inside else {}
        finish(walk, op, walk.made.add(name, [given], walk.scope, **attrs, **counted), FIRST)

    return translate


def resize(mode: str) -> Translate:
    """Make the translation of resizing to a constant size."""

    def translate(walk: Walk, op: Operator) -> None:
        image = op.inputs[0]
        batch, _, _, channels = walk.shape(image)
        sizes = walk.made.ints([batch, channels, *walk.ints(op.inputs[1])])
        made = walk.made.add("Resize", [walk.first(image), "", "", sizes], walk.scope, mode=mode)
        walk.put(op.outputs[0], made, FIRST)

    return translate


def blocks(name: str) -> Translate:
    """Make the translation of moving space into channels, or back."""

    def translate(walk: Walk, op: Operator) -> None:
        made = walk.made.add(
            name, [walk.first(op.inputs[0])], walk.scope, blocksize=op.option("BlockSize", 1)
        )
        walk.put(op.outputs[0], made, FIRST)

    return translate
