"""Measured networks that timm does not hold, written from their papers' descriptions; parameters and MACs are checked.

ShuffleNetV2 (arXiv 1807.11164), MobileNeXt (arXiv 2007.02269), EdgeViT (arXiv 2205.03436),
RepNeXt (arXiv 2406.16004) in its fused form.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn


def conv_bn(
    inp: int, out: int, kernel: int = 1, stride: int = 1, groups: int = 1, act: bool = True
) -> nn.Sequential:
    """Return a convolution with batch norm and, if asked, ReLU."""
    layers = [
        nn.Conv2d(inp, out, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out),
    ]
    return nn.Sequential(*layers, nn.ReLU()) if act else nn.Sequential(*layers)


def shuffle(x: Tensor) -> Tensor:
    """Interleave the two halves of the channels."""
    b, c, h, w = x.shape
    return x.reshape(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)


class ShuffleUnit(nn.Module):
    """One unit of ShuffleNetV2: half of the channels pass, or both halves are strided."""

    def __init__(self, inp: int, out: int, stride: int) -> None:
        super().__init__()
        half = out // 2
        self.stride = stride
        first = inp if stride == 2 else half
        self.right = nn.Sequential(
            conv_bn(first, half), conv_bn(half, half, 3, stride, half, act=False), conv_bn(half, half)
        )
        if stride == 2:
            self.left = nn.Sequential(conv_bn(inp, inp, 3, 2, inp, act=False), conv_bn(inp, half))

    def forward(self, x: Tensor) -> Tensor:
        """Run the unit."""
        if self.stride == 2:
            return shuffle(torch.cat([self.left(x), self.right(x)], 1))
        keep, work = x.chunk(2, 1)
        return shuffle(torch.cat([keep, self.right(work)], 1))


def shufflenetv2(widths: tuple[int, ...], last: int) -> nn.Module:
    """ShuffleNetV2 with the given stage widths."""
    layers: list[nn.Module] = [conv_bn(3, 24, 3, 2), nn.MaxPool2d(3, 2, 1)]
    width = 24
    for out, depth in zip(widths, (4, 8, 4), strict=True):
        for i in range(depth):
            layers.append(ShuffleUnit(width, out, 2 if i == 0 else 1))
            width = out
    return nn.Sequential(
        *layers, conv_bn(width, last), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, 1000)
    )


def _round(value: float, divisor: int = 8) -> int:
    new = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return new + divisor if new < 0.9 * value else new


class SandGlass(nn.Module):
    """MobileNeXt's block: depthwise, narrow, widen, depthwise; the shortcut joins the wide ends."""

    def __init__(self, inp: int, out: int, stride: int, ratio: int) -> None:
        super().__init__()
        hidden = inp // ratio
        if hidden < out / 6:
            hidden = _round(out / 6, 16)
        self.shortcut = inp == out and stride == 1
        layers: list[nn.Module] = []
        if ratio == 2 or inp == out:
            layers.append(nn.Sequential(conv_bn(inp, inp, 3, 1, inp, act=False), nn.ReLU6()))
        if ratio != 1:
            layers.append(conv_bn(inp, hidden, act=False))
        layers.append(nn.Sequential(conv_bn(hidden if ratio != 1 else inp, out, act=False), nn.ReLU6()))
        if (
            (ratio == 2 or inp == out or stride > 1) and not (ratio == 2 and stride == 1 and inp != out)
        ) or ratio == 2:
            layers.append(conv_bn(out, out, 3, stride, out, act=False))
        self.body = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        return x + self.body(x) if self.shortcut else self.body(x)


def mobilenext(width: float) -> nn.Module:
    """MobileNeXt with a width multiplier."""
    settings = (
        (2, 96, 1, 2),
        (6, 144, 1, 1),
        (6, 192, 3, 2),
        (6, 288, 3, 2),
        (6, 384, 4, 1),
        (6, 576, 4, 2),
        (6, 960, 3, 1),
        (6, 1280, 1, 1),
    )
    last = _round(32 * width, 4 if width == 0.1 else 16)
    layers: list[nn.Module] = [nn.Sequential(conv_bn(3, last, 3, 2, act=False), nn.ReLU6())]
    for ratio, channels, depth, stride in settings:
        out = _round(channels * width, 4 if width == 0.1 else 16)
        if channels == 1280 and width < 1:
            out = 1280
        for i in range(depth):
            layers.append(SandGlass(last, out, stride if i == 0 else 1, ratio))
            last = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, 1000))


class ConvMlp(nn.Module):
    """Two 1x1 convolutions with GELU between."""

    def __init__(self, width: int, ratio: int = 4) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, ratio * width, 1), nn.GELU(), nn.Conv2d(ratio * width, width, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers."""
        return self.body(x)


class LocalAgg(nn.Module):
    """EdgeViT's local aggregation block."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pos = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.mix = nn.Sequential(
            nn.Conv2d(width, width, 1),
            nn.Conv2d(width, width, 5, padding=2, groups=width),
            nn.Conv2d(width, width, 1),
        )
        self.mlp = ConvMlp(width)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        x = x + self.pos(x)
        x = x + self.mix(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class SparseAttention(nn.Module):
    """EdgeViT's global sparse attention: sample every r-th token, attend, spread by a transposed convolution."""

    def __init__(self, width: int, heads: int, rate: int) -> None:
        super().__init__()
        self.heads, self.rate = heads, rate
        self.pos = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.sample = nn.AvgPool2d(1, rate)
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=True), nn.Linear(width, width)
        if rate > 1:
            self.spread = nn.ConvTranspose2d(width, width, rate, rate, groups=width)
            self.norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def attend(self, x: Tensor) -> Tensor:
        """Attend over sampled tokens (B, N, C) laid out on a grid."""
        b, n, c = x.shape
        side = int(n**0.5)
        if self.rate > 1:
            grid = self.sample(x.transpose(1, 2).reshape(b, c, side, side))
            x = grid.flatten(2).transpose(1, 2)
        m = x.shape[1]
        q, k, v = self.qkv(x).reshape(b, m, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        weights = (q @ k.transpose(-2, -1) * (c // self.heads) ** -0.5).softmax(-1)
        x = (weights @ v).transpose(1, 2).reshape(b, m, c)
        if self.rate > 1:
            small = side // self.rate
            x = self.spread(x.permute(0, 2, 1).reshape(b, c, small, small))
            x = self.norm(x.reshape(b, c, -1).permute(0, 2, 1))
        return self.proj(x)

    def forward(self, x: Tensor) -> Tensor:
        """Run the block on a map (B, C, H, W)."""
        x = x + self.pos(x)
        b, c, h, w = x.shape
        x = x.flatten(2).transpose(1, 2)
        x = x + self.attend(self.norm1(x))
        x = x + self.mlp(self.norm2(x))
        return x.transpose(1, 2).reshape(b, c, h, w)


class PatchEmbed(nn.Module):
    """A strided convolution and a layer norm over channels."""

    def __init__(self, inp: int, out: int, patch: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(inp, out, patch, patch), nn.LayerNorm(out)

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers."""
        x = self.conv(x)
        b, c, h, w = x.shape
        return self.norm(x.flatten(2).transpose(1, 2)).reshape(b, h, w, c).permute(0, 3, 1, 2).contiguous()


def edgevit(widths: tuple[int, ...], depths: tuple[int, ...], head: int = 0) -> nn.Module:
    """EdgeViT with the given widths and depths; sampling rates 4, 2, 2, 1."""
    layers: list[nn.Module] = []
    last = 3
    for stage, (width, depth, rate) in enumerate(zip(widths, depths, (4, 2, 2, 1), strict=True)):
        layers.append(PatchEmbed(last, width, 4 if stage == 0 else 2))
        heads = width // (head or widths[0])
        for _ in range(depth):
            if rate > 1:
                layers.append(LocalAgg(width))
            layers.append(SparseAttention(width, heads, rate))
        last = width
    return nn.Sequential(
        *layers, nn.BatchNorm2d(last), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, 1000)
    )


def depthwise(width: int, kernel: tuple[int, int], stride: int = 1, multiplier: int = 1) -> nn.Conv2d:
    """Return a depthwise convolution that keeps the map's size at stride 1."""
    pad = (kernel[0] // 2, kernel[1] // 2)
    return nn.Conv2d(width, multiplier * width, kernel, stride, pad, groups=width)


class ChunkMixer(nn.Module):
    """RepNeXt's fused mixer: a quarter passes, the others see 3x3, 7x7 and an 11x11 cross; then a batch norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        quarter = width // 4
        self.small, self.medium = depthwise(quarter, (3, 3)), depthwise(quarter, (7, 7))
        self.large = nn.Sequential(depthwise(quarter, (1, 11)), depthwise(quarter, (11, 1)))
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Run the mixer."""
        a, b, c, d = x.chunk(4, 1)
        return self.norm(torch.cat((a, self.small(b), self.medium(c), self.large(d)), 1))


class CopyMixer(nn.Module):
    """RepNeXt's fused downsampling: 3x3 and 7x7 at stride 2 side by side; then a batch norm."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.small, self.medium = depthwise(width, (3, 3), 2), depthwise(width, (7, 7), 2)
        self.norm = nn.BatchNorm2d(2 * width)

    def forward(self, x: Tensor) -> Tensor:
        """Run the layers."""
        return self.norm(torch.cat((self.small(x), self.medium(x)), 1))


class RepNextBlock(nn.Module):
    """Token mixer, then a 1x1 pair with GELU; the shortcut starts before or after the mixer."""

    def __init__(self, mixer: nn.Module, width: int, down: bool) -> None:
        super().__init__()
        self.mixer, self.mlp, self.down = mixer, ConvMlp(width, 2), down

    def forward(self, x: Tensor) -> Tensor:
        """Run the block."""
        y = self.mixer(x)
        return (y if self.down else x) + self.mlp(y)


def repnext(width: int, depths: tuple[int, ...], single: bool = False) -> nn.Module:
    """RepNeXt; ``single`` merges every mixer into one large depthwise kernel (the paper's E variants)."""
    layers: list[nn.Module] = [
        nn.Conv2d(3, width // 2, 3, 2, 1),
        nn.GELU(),
        nn.Conv2d(width // 2, width, 3, 2, 1),
    ]
    for stage, depth in enumerate(depths):
        if stage:
            narrow, width = width, 2 * width
            down = depthwise(narrow, (7, 7), 2, 2) if single else CopyMixer(narrow)
            layers.append(RepNextBlock(down, width, down=True))
        for _ in range(depth):
            mixer = depthwise(width, (11, 11)) if single else ChunkMixer(width)
            layers.append(RepNextBlock(mixer, width, down=False))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000))


REPNEXT = {
    "repnext_m0": (40, (2, 2, 9, 1)),
    "repnext_m1": (48, (3, 3, 15, 2)),
    "repnext_m2": (56, (3, 3, 15, 2)),
    "repnext_m3": (64, (3, 3, 13, 2)),
    "repnext_m4": (64, (5, 5, 25, 4)),
    "repnext_m5": (80, (7, 7, 35, 2)),
}
OWN: dict[str, Callable[[], nn.Module]] = {
    "shufflenetv2_x1_0": lambda: shufflenetv2((116, 232, 464), 1024),
    "shufflenetv2_x1_5": lambda: shufflenetv2((176, 352, 704), 1024),
    "shufflenetv2_x2_0": lambda: shufflenetv2((244, 488, 976), 2048),
    "mobilenext_100": lambda: mobilenext(1.0),
    "mobilenext_140": lambda: mobilenext(1.4),
    "edgevit_xxs": lambda: edgevit((36, 72, 144, 288), (1, 1, 3, 2)),
    "edgevit_xs": lambda: edgevit((48, 96, 240, 384), (1, 1, 3, 1)),
    "edgevit_s": lambda: edgevit((48, 96, 240, 384), (1, 2, 5, 2)),
    **{name: partial(repnext, *config) for name, config in REPNEXT.items()},
    **{f"{name}e": partial(repnext, *config, single=True) for name, config in REPNEXT.items()},
}
