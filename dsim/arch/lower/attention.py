"""The three attentions: EfficientFormer's on tokens, EfficientFormerV2's on maps, and V2's that halves the map.

Sources: https://arxiv.org/abs/2206.01191 (section 3), https://arxiv.org/abs/2212.08059 (section 3).
"""

from __future__ import annotations

from dsim.arch.choices import Activation
from dsim.arch.lower.pen import Pen
from dsim.attrs import PoolAttrs, ShapeAttrs, SplitAttrs
from dsim.graph import Ref
from dsim.op import OpKind

HEADS = 8
KEY = 32  # channels of a query or key, per head
DOWNSAMPLE_KEY = 16  # the same in V2's downsampling attention
VALUE_RATIO = 4  # channels of a value per channel of a key


def token_attention(pen: Pen, x: Ref) -> Ref:
    """Write EfficientFormer's attention on tokens (N, positions, C), with a relative position bias."""
    n, tokens, width = pen.shape(x)
    value = VALUE_RATIO * KEY
    qkv = pen.reshape(pen.linear(x, HEADS * (2 * KEY + value)), n, tokens, HEADS, 2 * KEY + value)
    qkv = pen.transpose(qkv, 0, 2, 1, 3)
    split = pen.builder.add(OpKind.SPLIT, qkv, attrs=SplitAttrs(3, (KEY, KEY, value)), scope=pen.scope)
    q, k, v = pen.builder.slots(split)
    scores = _biased(pen, pen.matmul(q, pen.transpose(k, 0, 1, 3, 2)), HEADS * tokens)
    mixed = pen.matmul(pen.softmax(scores), v)
    mixed = pen.reshape(pen.transpose(mixed, 0, 2, 1, 3), n, tokens, HEADS * value)
    return pen.linear(mixed, width)


def map_attention(pen: Pen, x: Ref, stride: int, activation: Activation, norm: bool) -> Ref:
    """Write EfficientFormerV2's attention on a map: talking heads, a local depthwise value path.

    Parameters
    ----------
    stride
        2 attends on a map of half the size and scales the result up again; 1 on the map itself.
    norm
        Batch norms behind the convolutions, or none.
    """
    n, width, height, columns = pen.shape(x)
    if stride > 1:
        x = pen.depthwise_norm(x, 3, stride, norm)
    _, _, h, w = pen.shape(x)
    value = VALUE_RATIO * KEY * HEADS
    q = _heads(pen, pen.conv_norm(x, KEY * HEADS, 1, norm=norm))
    k = _heads(pen, pen.conv_norm(x, KEY * HEADS, 1, norm=norm))
    v_map = pen.conv_norm(x, value, 1, norm=norm)
    local = pen.depthwise_norm(v_map, 3, norm=norm)
    scores = _biased(pen, pen.matmul(pen.transpose(q, 0, 1, 3, 2), k), HEADS * h * w)
    weights = pen.conv(pen.softmax(pen.conv(scores, HEADS, 1)), HEADS, 1)
    mixed = pen.matmul(weights, pen.transpose(_heads(pen, v_map), 0, 1, 3, 2))
    out = pen.add(pen.reshape(pen.transpose(mixed, 0, 1, 3, 2), n, value, h, w), local)
    if stride > 1:
        attrs = ShapeAttrs((n, value, height, columns), "bilinear")
        out = pen.builder.add(OpKind.UPSAMPLE, out, attrs=attrs, scope=pen.scope)
    return pen.conv_norm(pen.activate(out, activation), width, 1, norm=norm)


def downsampling_attention(pen: Pen, x: Ref, out_width: int, activation: Activation) -> Ref:
    """Write V2's attention from every position to every second one: the map halves."""
    n, width, height, columns = pen.shape(x)
    value = VALUE_RATIO * DOWNSAMPLE_KEY * HEADS
    local_q = pen.conv(x, width, 3, 2, groups=width)
    pooled_q = pen.builder.add(OpKind.AVG_POOL, x, attrs=PoolAttrs((1, 1), (2, 2)), scope=pen.scope)
    q = pen.conv_norm(pen.add(local_q, pooled_q), DOWNSAMPLE_KEY * HEADS, 1)
    _, _, h, w = pen.shape(q)
    k = _heads(pen, pen.conv_norm(x, DOWNSAMPLE_KEY * HEADS, 1))
    v_map = pen.conv_norm(x, value, 1)
    local = pen.depthwise_norm(v_map, 3, 2)
    scores = pen.matmul(pen.transpose(_heads(pen, q), 0, 1, 3, 2), k)
    weights = pen.softmax(_biased(pen, scores, HEADS * height * columns))
    mixed = pen.matmul(weights, pen.transpose(_heads(pen, v_map), 0, 1, 3, 2))
    out = pen.add(pen.reshape(pen.transpose(mixed, 0, 1, 3, 2), n, value, h, w), local)
    return pen.conv_norm(pen.activate(out, activation), out_width, 1)


def _heads(pen: Pen, x: Ref) -> Ref:
    """Write (N, heads * d, H, W) to (N, heads, d, H * W)."""
    n, channels, h, w = pen.shape(x)
    return pen.reshape(x, n, HEADS, channels // HEADS, h * w)


def _biased(pen: Pen, scores: Ref, params: int) -> Ref:
    """Scale the scores and add the bias that ``params`` learned numbers are spread to."""
    scaled = pen.with_constant(OpKind.MUL, scores)
    return pen.with_constant(OpKind.ADD, scaled, pen.shape(scores)[1:], params)
