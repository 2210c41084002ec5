"""The attentions of EfficientFormer and EfficientFormerV2, with relative position biases for any image size."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor, nn

from dsim.export.torch_parts.layers import conv_norm

HEADS = 8
KEY = 32  # channels of a query or key, per head
DOWNSAMPLE_KEY = 16  # the same where attention halves the map
VALUE_RATIO = 4  # channels of a value per channel of a key


def offset_indices(size: tuple[int, int], step: int = 1, device: torch.device | None = None) -> Tensor:
    """For each query and key position, the index of their offset (|dy|, |dx|) in a table of ``size``.

    Queries stand at every ``step``-th position, keys at every one: shape (queries, keys).
    """

    def positions(every: int) -> Tensor:
        rows, columns = (torch.arange(0, length, every, device=device) for length in size)
        return torch.stack(torch.meshgrid(rows, columns, indexing="ij")).flatten(1)

    offsets = (positions(step)[:, :, None] - positions(1)[:, None, :]).abs()
    return offsets[0] * size[1] + offsets[1]


class BiasedAttention(nn.Module):
    """Base of the attentions: a learned bias for each head and each offset between two positions.

    The table is learned on maps of ``size`` x ``size``; for others it is stretched by linear interpolation.
    """

    attention_bias_idxs: Tensor

    def __init__(self, size: int, step: int = 1) -> None:
        super().__init__()
        self.size = (size, size)
        self.step = step
        self.attention_biases = nn.Parameter(torch.zeros(HEADS, size * size))
        self.register_buffer("attention_bias_idxs", offset_indices(self.size, step))

    def bias(self, size: tuple[int, int]) -> Tensor:
        """Return the biases for a map of ``size``: (heads, queries, keys)."""
        if size == self.size:
            return self.attention_biases[:, self.attention_bias_idxs]
        table = self.attention_biases.view(1, HEADS, *self.size)
        table = F.interpolate(table, size, mode="bilinear", align_corners=True)  # offset 0 stays offset 0
        return table.view(HEADS, -1)[:, offset_indices(size, self.step, table.device)]


class TokenAttention(BiasedAttention):
    """EfficientFormer's attention on tokens (N, H * W, C)."""

    def __init__(self, width: int, size: int) -> None:
        super().__init__(size)
        self.value = VALUE_RATIO * KEY
        self.qkv = nn.Linear(width, HEADS * (2 * KEY + self.value))
        self.proj = nn.Linear(HEADS * self.value, width)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """Attend over the tokens of a map of ``size``."""
        n, tokens, _ = x.shape
        qkv = self.qkv(x).reshape(n, tokens, HEADS, -1).transpose(1, 2)
        q, k, v = qkv.split([KEY, KEY, self.value], dim=3)
        scores = (q @ k.transpose(2, 3)) * KEY**-0.5 + self.bias(size)
        x = self.proj((scores.softmax(dim=-1) @ v).transpose(1, 2).reshape(n, tokens, -1))
        return x


def split_heads(x: Tensor) -> Tensor:
    """From (N, heads * d, H, W) to (N, heads, d, H * W)."""
    return x.reshape(x.shape[0], HEADS, -1, x.shape[2] * x.shape[3])


class MapAttention(BiasedAttention):
    """EfficientFormerV2's attention on maps (N, C, H, W): talking heads and a local path for values.

    At stride 2 it attends on a map of half the size and scales the result up again.
    """

    def __init__(
        self,
        width: int,
        size: int,
        stride: int,
        activation: type[nn.Module],
        layer: Callable[..., nn.Module],
    ) -> None:
        super().__init__((size + stride - 1) // stride)
        value = VALUE_RATIO * KEY * HEADS
        self.stride_conv = layer(width, width, 3, stride, groups=width) if stride > 1 else nn.Identity()
        self.q = layer(width, KEY * HEADS, 1)
        self.k = layer(width, KEY * HEADS, 1)
        self.v = layer(width, value, 1)
        self.v_local = layer(value, value, 3, groups=value)
        self.talking_head1 = nn.Conv2d(HEADS, HEADS, 1)
        self.talking_head2 = nn.Conv2d(HEADS, HEADS, 1)
        self.act = activation()
        self.proj = layer(value, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Attend over the positions of a map."""
        full = (x.shape[2], x.shape[3])
        x = self.stride_conv(x)
        size = (x.shape[2], x.shape[3])
        q, k, v = self.q(x), self.k(x), self.v(x)
        scores = (split_heads(q).transpose(2, 3) @ split_heads(k)) * KEY**-0.5 + self.bias(size)
        weights = self.talking_head2(self.talking_head1(scores).softmax(dim=-1))
        mixed = (weights @ split_heads(v).transpose(2, 3)).transpose(2, 3)
        x = mixed.reshape(v.shape) + self.v_local(v)
        if size != full:
            x = F.interpolate(x, full, mode="bilinear")
        x = self.proj(self.act(x))
        return x


class DownsamplingAttention(BiasedAttention):
    """EfficientFormerV2's attention from every position to every second one: the map halves."""

    def __init__(self, width: int, out_width: int, size: int, activation: type[nn.Module]) -> None:
        super().__init__(size, step=2)
        value = VALUE_RATIO * DOWNSAMPLE_KEY * HEADS
        self.q_local = nn.Conv2d(width, width, 3, 2, 1, groups=width)
        self.q_pool = nn.AvgPool2d(1, 2)
        self.q = conv_norm(width, DOWNSAMPLE_KEY * HEADS, 1)
        self.k = conv_norm(width, DOWNSAMPLE_KEY * HEADS, 1)
        self.v = conv_norm(width, value, 1)
        self.v_local = conv_norm(value, value, 3, 2, groups=value)
        self.act = activation()
        self.proj = conv_norm(value, out_width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """From (N, C, H, W) to (N, out_width, H / 2, W / 2)."""
        size = (x.shape[2], x.shape[3])
        q = split_heads(self.q(self.q_local(x) + self.q_pool(x)))
        k, v = self.k(x), self.v(x)
        scores = (q.transpose(2, 3) @ split_heads(k)) * DOWNSAMPLE_KEY**-0.5 + self.bias(size)
        mixed = (scores.softmax(dim=-1) @ split_heads(v).transpose(2, 3)).transpose(2, 3)
        local = self.v_local(v)
        x = self.proj(self.act(mixed.reshape(local.shape) + local))
        return x
