"""MACs and parameters of small networks against torch's own counter; scripts/check_counts.py does it for large ones."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.graph.modules import Attention, ClassToken, LayerScale, LinearNorm, Residual, SqueezeExcite
from tests.graph.oracle import read_checked


class Sequence(nn.Module):
    """One-dimensional convolutions, grouped and dilated, and a product of activations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(6, 12, 5, 2, 4, dilation=2, groups=3)
        self.head = nn.Linear(12, 7, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return torch.bmm(self.head(y.mT).mT, y.mT).softmax(-1)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Residual(16), (2, 3, 32, 32)),
        (Attention(False), (3, 9, 16)),
        (SqueezeExcite(), (1, 8, 10, 10)),
        (ClassToken(), (1, 3, 32, 32)),
        (LayerScale(), (1, 6, 9, 9)),
        (LinearNorm(), (1, 9, 6)),
        (Sequence(), (1, 6, 20)),
    ],
)
def test_counts_are_those_of_torch(module: nn.Module, shape: tuple[int, ...]) -> None:
    assert read_checked(module, shape).unknown == ()
