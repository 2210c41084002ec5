"""Networks of the phone benchmark that neither timm nor pytorchcv has, from their papers' shapes.

CvT (arXiv 2103.15808), SegFormer's MiT (arXiv 2105.15203), PVT V1 (arXiv 2102.12122), VAN (arXiv 2202.09741). For tracing:
shapes count, weights do not. Attention is written out as two products and a softmax, as the benchmark's exports had it.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

FOUR = (64, 128, 320, 512)
PVT_DEPTHS = {"tiny": (2, 2, 2, 2), "small": (3, 4, 6, 3), "medium": (3, 4, 18, 3), "large": (3, 8, 27, 3)}
MIT_DEPTHS = {
    "b0": (2, 2, 2, 2),
    "b1": (2, 2, 2, 2),
    "b2": (3, 4, 6, 3),
    "b3": (3, 4, 18, 3),
    "b4": (3, 8, 27, 3),
    "b5": (3, 6, 40, 3),
}
VAN_DEPTHS = {"tiny": (3, 3, 5, 2), "small": (2, 2, 4, 2), "base": (3, 3, 12, 3), "large": (3, 5, 27, 3)}
CVT_DEPTHS = {"13": (1, 2, 10), "21": (1, 4, 16)}


def attend(q: Tensor, k: Tensor, v: Tensor, heads: int) -> Tensor:
    """Attend over tokens (B, N, C)."""
    q, k, v = (x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(1, 2) for x in (q, k, v))
    weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def to_map(x: Tensor, side: int) -> Tensor:
    """Tokens (B, N, C) to a map (B, C, side, side)."""
    return x.transpose(1, 2).reshape(x.shape[0], -1, side, side)


class ReducedAttention(nn.Module):
    """PVT's attention: keys and values of a map made smaller by a strided convolution."""

    def __init__(self, dim: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.out = (nn.Linear(dim, dim) for _ in range(4))
        self.sr = nn.Conv2d(dim, dim, ratio, ratio) if ratio > 1 else None
        self.norm = nn.LayerNorm(dim) if ratio > 1 else None

    def forward(self, x: Tensor, side: int) -> Tensor:
        """Attend over tokens (B, N, C)."""
        small = x
        if self.sr is not None and self.norm is not None:
            small = self.norm(self.sr(to_map(x, side)).flatten(2).transpose(1, 2))
        return self.out(attend(self.q(x), self.k(small), self.v(small), self.heads))


class Ffn(nn.Module):
    """Two linear layers; ``mix`` puts a depthwise convolution between them."""

    def __init__(self, dim: int, hidden: int, mix: bool) -> None:
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim)
        self.dw = nn.Conv2d(hidden, hidden, 3, 1, 1, groups=hidden) if mix else None

    def forward(self, x: Tensor, side: int) -> Tensor:
        """Run on tokens."""
        x = self.fc1(x)
        if self.dw is not None:
            x = self.dw(to_map(x, side)).flatten(2).transpose(1, 2)
        return self.fc2(self.act(x))


class PyramidBlock(nn.Module):
    """Attention and feed-forward block of PVT and MiT."""

    def __init__(self, dim: int, heads: int, ratio: int, mlp: int, mix: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = ReducedAttention(dim, heads, ratio)
        self.ffn = Ffn(dim, mlp * dim, mix)

    def forward(self, x: Tensor, side: int) -> Tensor:
        """Run on tokens."""
        x = x + self.attn(self.norm1(x), side)
        return x + self.ffn(self.norm2(x), side)


class Pyramid(nn.Module):
    """PVT V1 (patches side by side, positions, class token in stage 4) or MiT (overlapping patches, none of these)."""

    stages: Any  # lists of blocks in a list

    def __init__(self, dims: tuple[int, ...], depths: tuple[int, ...], size: int, mit: bool) -> None:
        super().__init__()
        self.mit = mit
        self.embeds, self.norms, self.stages, self.ends = (nn.ModuleList() for _ in range(4))
        self.positions = nn.ParameterList()
        last, side = 3, size
        for i, (dim, depth) in enumerate(zip(dims, depths, strict=True)):
            step = 4 if i == 0 else 2
            window = (7 if i == 0 else 3) if mit else step
            self.embeds.append(nn.Conv2d(last, dim, window, step, window // 2 if mit else 0))
            self.norms.append(nn.LayerNorm(dim))
            side //= step
            if not mit:
                self.positions.append(nn.Parameter(torch.zeros(1, side * side + (i == 3), dim)))
            mlp, ratio, heads = (4 if mit else (8, 8, 4, 4)[i]), (8, 4, 2, 1)[i], (1, 2, 5, 8)[i]
            self.stages.append(nn.ModuleList(PyramidBlock(dim, heads, ratio, mlp, mit) for _ in range(depth)))
            self.ends.append(nn.LayerNorm(dim) if mit or i == 3 else nn.Identity())
            last = dim
        self.token = None if mit else nn.Parameter(torch.zeros(1, 1, last))
        self.head = nn.Linear(last, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images (B, 3, size, size)."""
        for i, (embed, norm, blocks, end) in enumerate(
            zip(self.embeds, self.norms, self.stages, self.ends, strict=True)
        ):
            x = embed(x)
            side = x.shape[-1]
            x = norm(x.flatten(2).transpose(1, 2))
            if self.token is not None and i == 3:
                x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1)
            if not self.mit:
                x = x + self.positions[i]
            for block in blocks:
                x = block(x, side)
            x = end(x)
            if i < 3:
                x = to_map(x, side)
        return self.head(x.mean(1) if self.mit else x[:, 0])


class ConvProjection(nn.Module):
    """CvT's projection: a depthwise convolution and a norm before the linear layer."""

    def __init__(self, dim: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 3, stride, 1, groups=dim, bias=False)
        self.norm, self.linear = nn.BatchNorm2d(dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor, token: Tensor | None) -> Tensor:
        """Project a map, the class token beside it."""
        y = self.norm(self.conv(x)).flatten(2).transpose(1, 2)
        return self.linear(y if token is None else torch.cat((token, y), 1))


class CvtBlock(nn.Module):
    """CvT's block."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.q, self.k, self.v = ConvProjection(dim, 1), ConvProjection(dim, 2), ConvProjection(dim, 2)
        self.out, self.ffn = nn.Linear(dim, dim), Ffn(dim, 4 * dim, False)

    def forward(self, x: Tensor, side: int) -> Tensor:
        """Run on tokens, of which the first may be the class token."""
        y = self.norm1(x)
        extra = y.shape[1] - side * side
        token = y[:, :1] if extra else None
        grid = to_map(y[:, extra:], side)
        x = x + self.out(attend(self.q(grid, token), self.k(grid, token), self.v(grid, token), self.heads))
        return x + self.ffn(self.norm2(x), side)


class Cvt(nn.Module):
    """CvT with three stages."""

    stages: Any  # lists of blocks in a list

    def __init__(self, depths: tuple[int, ...]) -> None:
        super().__init__()
        dims = (64, 192, 384)
        self.embeds, self.norms, self.stages = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        last = 3
        for i, (dim, depth) in enumerate(zip(dims, depths, strict=True)):
            self.embeds.append(nn.Conv2d(last, dim, *((7, 4, 2) if i == 0 else (3, 2, 1))))
            self.norms.append(nn.LayerNorm(dim))
            self.stages.append(nn.ModuleList(CvtBlock(dim, (1, 3, 6)[i]) for _ in range(depth)))
            last = dim
        self.token = nn.Parameter(torch.zeros(1, 1, last))
        self.norm, self.head = nn.LayerNorm(last), nn.Linear(last, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images."""
        for i, (embed, norm, blocks) in enumerate(zip(self.embeds, self.norms, self.stages, strict=True)):
            x = embed(x)
            side = x.shape[-1]
            x = norm(x.flatten(2).transpose(1, 2))
            if i == 2:
                x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1)
            for block in blocks:
                x = block(x, side)
            if i < 2:
                x = to_map(x, side)
        return self.head(self.norm(x[:, 0]))


class VanBlock(nn.Module):
    """VAN's block: attention by a large kernel in parts, then a convolutional feed-forward."""

    def __init__(self, dim: int, mlp: int) -> None:
        super().__init__()
        hidden = mlp * dim
        self.norm1, self.norm2, self.act = nn.BatchNorm2d(dim), nn.BatchNorm2d(dim), nn.GELU()
        self.proj1, self.proj2, self.point = (nn.Conv2d(dim, dim, 1) for _ in range(3))
        self.near = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.far = nn.Conv2d(dim, dim, 7, padding=9, dilation=3, groups=dim)
        self.fc1, self.fc2 = nn.Conv2d(dim, hidden, 1), nn.Conv2d(hidden, dim, 1)
        self.dw = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.scale1 = nn.Parameter(torch.ones(1, dim, 1, 1))
        self.scale2 = nn.Parameter(torch.ones(1, dim, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Run on a map."""
        y = self.norm1(x)
        gate = self.act(self.proj1(y))
        y = self.proj2(gate * self.point(self.far(self.near(gate)))) + y
        x = x + self.scale1 * y
        return x + self.scale2 * self.fc2(self.act(self.dw(self.fc1(self.norm2(x)))))


class Van(nn.Module):
    """VAN with four stages."""

    def __init__(self, dims: tuple[int, ...], depths: tuple[int, ...]) -> None:
        super().__init__()
        self.embeds, self.stages, self.ends = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        last = 3
        for i, (dim, depth) in enumerate(zip(dims, depths, strict=True)):
            window = 7 if i == 0 else 3
            step = 4 if i == 0 else 2
            self.embeds.append(
                nn.Sequential(nn.Conv2d(last, dim, window, step, window // 2), nn.BatchNorm2d(dim))
            )
            self.stages.append(nn.Sequential(*(VanBlock(dim, (8, 8, 4, 4)[i]) for _ in range(depth))))
            self.ends.append(nn.LayerNorm(dim))
            last = dim
        self.head = nn.Linear(last, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Classify images."""
        for embed, stage, end in zip(self.embeds, self.stages, self.ends, strict=True):
            x = stage(embed(x))
            side = x.shape[-1]
            x = to_map(end(x.flatten(2).transpose(1, 2)), side)
        return self.head(x.mean((2, 3)))


def build(name: str, size: int) -> nn.Module:
    """Build a network by its name in the benchmark, without the resolution."""
    kind, _, variant = name.partition("-")
    if kind == "pvt":
        return Pyramid(FOUR, PVT_DEPTHS[variant], size, mit=False)
    if kind == "mit":
        return Pyramid((32, 64, 160, 256) if variant == "b0" else FOUR, MIT_DEPTHS[variant], size, mit=True)
    if kind == "van":
        return Van((32, 64, 160, 256) if variant == "tiny" else FOUR, VAN_DEPTHS[variant])
    if kind == "cvt":
        return Cvt(CVT_DEPTHS[variant])
    raise ValueError(
        f"network {name!r} must be one of cvt-, mit-, pvt- or van-, and is not; write it in lab/networks/transformers.py"
    )
