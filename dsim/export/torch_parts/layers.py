"""Small layers: convolutions with batch norm, norms over maps, pooling as a token mixer."""

from __future__ import annotations

from torch import Tensor, nn


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    """Make a convolution that keeps the map's size, or divides it by the stride."""
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups)


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Module:
    """Make a convolution with batch norm behind it."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups),
        nn.BatchNorm2d(outputs),
    )


def group_norm(width: int) -> nn.Module:
    """Make a norm over channels and positions together (PoolFormer's)."""
    return nn.GroupNorm(1, width)


class LayerNorm2d(nn.LayerNorm):
    """Layer norm over the channels of a map (N, C, H, W), position by position."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Pooling(nn.Module):
    """Token mixer without weights: the difference between a 3x3 average and the position itself."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)

    def forward(self, x: Tensor) -> Tensor:
        """Mix positions."""
        x = self.pool(x) - x
        return x
