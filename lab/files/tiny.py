"""A network of a few thousand parameters that holds what readers of files must know: windows, norms, attention, gates."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

SIDE = 16
IMAGE = (1, 3, SIDE, SIDE)


class Attention(nn.Module):
    """Two heads over the positions of a map, with a bias for each pair of positions."""

    def __init__(self, width: int, positions: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(2, positions, positions))
        self.scale = (width // 2) ** -0.5

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return the tokens and what they attend to."""
        batch, count, width = tokens.shape
        qkv = self.qkv(self.norm(tokens)).reshape(batch, count, 2, 3 * width // 2).permute(0, 2, 1, 3)
        query, key, value = qkv.split(width // 2, dim=-1)
        scores = (query @ key.transpose(-2, -1)) * self.scale + self.bias
        mixed = (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, count, width)
        added: torch.Tensor = tokens + self.proj(mixed)
        return added


class Tiny(nn.Module):
    """A stem, a depthwise block with a gate, pooling as a mixer, attention, and a head of ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        self.depthwise = nn.Conv2d(8, 8, 3, 1, 1, groups=8)
        self.expand, self.project = nn.Conv2d(8, 16, 1), nn.Conv2d(16, 8, 1)
        self.gate = nn.Conv2d(8, 8, 1)
        self.group = nn.GroupNorm(1, 8)
        self.down = nn.Conv2d(8, 16, 3, 2, 1)
        self.attention = Attention(16, SIDE)
        self.head = nn.Linear(16, 10)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return scores of ten classes."""
        x = self.stem(image)
        x = x + self.project(F.gelu(self.expand(F.hardswish(self.depthwise(x)))))
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        y = self.group(x)
        x = x + F.avg_pool2d(y, 3, 1, 1, count_include_pad=False) - y
        x = F.relu6(self.down(x)).flatten(2).transpose(1, 2)
        scores: torch.Tensor = self.head(self.attention(x).mean(1))
        return scores


def tiny() -> Tiny:
    """Return the network with weights drawn from a fixed seed, none of them equal."""
    torch.manual_seed(0)
    module = Tiny().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.5, 0.5)
    return module
