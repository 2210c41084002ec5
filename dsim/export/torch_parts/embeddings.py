"""Stems and transitions: what makes maps smaller."""

from __future__ import annotations

from torch import Tensor, nn

from dsim.export.torch_parts.attention import DownsamplingAttention


def two_conv_stem(inputs: int, width: int, activation: type[nn.Module]) -> nn.Sequential:
    """Make the stem: two 3x3 convolutions of stride 2, from the image to a quarter of its size."""
    return nn.Sequential(
        nn.Conv2d(inputs, width // 2, 3, 2, 1),
        nn.BatchNorm2d(width // 2),
        activation(),
        nn.Conv2d(width // 2, width, 3, 2, 1),
        nn.BatchNorm2d(width),
        activation(),
    )


class Embedding(nn.Module):
    """A convolution of stride 2 with batch norm: from one stage to the next."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, 3, 2, 1)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, H / 2, W / 2)."""
        x = self.norm(self.proj(x))
        return x


class PlainEmbedding(nn.Module):
    """One convolution that makes a map smaller."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, kernel, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, H / stride, W / stride)."""
        x = self.proj(x)
        return x


class AttentionEmbedding(nn.Module):
    """EfficientFormerV2's transition: an embedding plus attention that halves the map."""

    def __init__(self, inputs: int, outputs: int, size: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.proj = nn.Conv2d(inputs, outputs, 3, 2, 1)
        self.norm = nn.BatchNorm2d(outputs)
        self.attn = DownsamplingAttention(inputs, outputs, size, activation)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, H / 2, W / 2)."""
        x = self.attn(x) + self.norm(self.proj(x))
        return x
