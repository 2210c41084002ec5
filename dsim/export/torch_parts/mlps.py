"""MLPs: what every position goes through by itself, or nearly so."""

from __future__ import annotations

from torch import Tensor, nn


class ConvMlp(nn.Module):
    """Two 1x1 convolutions with batch norm behind each."""

    def __init__(self, width: int, hidden: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, hidden, 1)
        self.norm1 = nn.BatchNorm2d(hidden)
        self.act = activation()
        self.fc2 = nn.Conv2d(hidden, width, 1)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        x = self.act(self.norm1(self.fc1(x)))
        x = self.norm2(self.fc2(x))
        return x


class PlainConvMlp(nn.Module):
    """Two 1x1 convolutions; the norm stands before the MLP."""

    def __init__(self, width: int, hidden: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, hidden, 1)
        self.act = activation()
        self.fc2 = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        x = self.fc2(self.act(self.fc1(x)))
        return x


class UnifiedFfn(nn.Module):
    """EfficientFormerV2's MLP: a depthwise 3x3 convolution between the two 1x1, batch norm behind each."""

    def __init__(self, width: int, hidden: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, hidden, 1)
        self.norm1 = nn.BatchNorm2d(hidden)
        self.mid = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.mid_norm = nn.BatchNorm2d(hidden)
        self.act = activation()
        self.fc2 = nn.Conv2d(hidden, width, 1)
        self.norm2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        x = self.act(self.norm1(self.fc1(x)))
        x = self.act(self.mid_norm(self.mid(x)))
        x = self.norm2(self.fc2(x))
        return x


class PlainUnifiedFfn(nn.Module):
    """An MLP with a depthwise 3x3 convolution between the two 1x1; the norm stands before it."""

    def __init__(self, width: int, hidden: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Conv2d(width, hidden, 1)
        self.mid = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.act = activation()
        self.fc2 = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to the same."""
        x = self.act(self.fc1(x))
        x = self.act(self.mid(x))
        x = self.fc2(x)
        return x


class LinearMlp(nn.Module):
    """Two linear layers on tokens."""

    def __init__(self, width: int, hidden: int, activation: type[nn.Module]) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.act = activation()
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C) to the same."""
        x = self.fc2(self.act(self.fc1(x)))
        return x
