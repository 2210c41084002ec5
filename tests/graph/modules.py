"""Small networks in plain torch: each shows one thing that vision backbones do."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn


class Residual(nn.Module):
    """Conv, batch norm, ReLU, twice, with a skip; then global pooling and a head."""

    def __init__(self, width: int = 8, inplace: bool = True) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.conv1 = nn.Conv2d(width, width, 3, 1, 1, groups=width, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.act = nn.ReLU(inplace=inplace)
        self.head = nn.Linear(width, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.bn(self.stem(x)))
        x = self.act(x + self.bn2(self.conv2(self.act(self.bn1(self.conv1(x))))))
        return self.head(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Attention(nn.Module):
    """Self-attention over tokens, written out or fused, with a learned bias looked up by a constant table."""

    def __init__(self, fused: bool, tokens: int = 9, dim: int = 16, heads: int = 4) -> None:
        super().__init__()
        self.fused, self.heads = fused, heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.bias = nn.Parameter(torch.zeros(heads, tokens))
        self.register_buffer("table", torch.arange(tokens * tokens).reshape(tokens, tokens) % tokens)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        bias = self.bias[:, self.table]
        if self.fused:
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        else:
            out = (q * (c // self.heads) ** -0.5 @ k.transpose(-2, -1) + bias).softmax(-1) @ v
        return self.proj(out.transpose(1, 2).reshape(b, n, c))


class SqueezeExcite(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.down, self.up = nn.Conv2d(width, 4, 1), nn.Conv2d(4, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.up(F.silu(self.down(x.mean((2, 3), keepdim=True)))).sigmoid()


class ClassToken(nn.Module):
    def __init__(self, dim: int = 6, tokens: int = 16) -> None:
        super().__init__()
        self.embed = nn.Conv2d(3, dim, 8, 8)
        self.token = nn.Parameter(torch.zeros(1, 1, dim))
        self.place = nn.Parameter(torch.zeros(1, tokens + 1, dim))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1) + self.place
        return self.norm(x)[:, 0]


class LinearNorm(nn.Module):
    """LeViT's layer: a linear layer over tokens, with a batch norm over its channels behind a flattening view."""

    def __init__(self, inner: int = 6, outer: int = 10) -> None:
        super().__init__()
        self.linear, self.bn = nn.Linear(inner, outer, bias=False), nn.BatchNorm1d(outer)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.linear(x)
        return self.bn(x.flatten(0, 1)).reshape_as(x)


class LayerScale(nn.Module):
    """Pooling with a scale behind it, then an MLP of 1x1 convolutions with a scale behind it."""

    def __init__(self, width: int = 6) -> None:
        super().__init__()
        self.one = nn.Parameter(torch.ones(width, 1, 1))
        self.two = nn.Parameter(torch.ones(width, 1, 1))
        self.up, self.down = nn.Conv2d(width, 2 * width, 1), nn.Conv2d(2 * width, width, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.one * (F.avg_pool2d(x, 3, 1, 1, count_include_pad=False) - x)
        return x + self.two * self.down(F.gelu(self.up(x)))


class Lambda(nn.Module):
    """Any function of one tensor."""

    def __init__(self, function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)
