"""A vision transformer small enough for numpy, whose attention, class token and tables are written as people write them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

Tensor = torch.Tensor
WIDTH, HEADS = 8, 2


def plain(x: Tensor) -> Tensor:
    return x


class Attention(nn.Module):
    def __init__(self, tokens: int, fused: bool, table: bool) -> None:
        super().__init__()
        self.qkv, self.out, self.fused = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH), fused
        self.table = nn.Parameter(torch.randn(HEADS, tokens, tokens)) if table else None

    def forward(self, x: Tensor) -> Tensor:
        n, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(n, tokens, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        if self.fused:
            mixed = nn.functional.scaled_dot_product_attention(q, k, v)
        else:
            scores = q * (width // HEADS) ** -0.5 @ k.transpose(-2, -1)
            scores = scores if self.table is None else scores + self.table
            mixed = scores.softmax(-1) @ v
        return self.out(mixed.transpose(1, 2).reshape(n, tokens, width))


class TinyVit(nn.Module):
    """Patches of 2 px of an image of 4 px: five tokens with the class token.

    Parameters
    ----------
    before
        What is done with the tokens in front of each block.
    head
        What becomes of the tokens, (1, tokens, 8), at the end.
    """

    def __init__(
        self,
        before: Callable[[Tensor], Tensor] = plain,
        head: Callable[[Tensor], Tensor] = lambda x: x[:, 0],
        *,
        fused: bool = False,
        table: bool = False,
        side: int = 4,
        depth: int = 2,
    ) -> None:
        super().__init__()
        tokens = (side // 2) ** 2 + 1
        self.patches = nn.Conv2d(3, WIDTH, 2, 2)
        self.cls = nn.Parameter(torch.randn(1, 1, WIDTH))
        self.places = nn.Parameter(torch.randn(1, tokens, WIDTH))
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in range(depth))
        self.attentions = nn.ModuleList(Attention(tokens, fused, table) for _ in range(depth))
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))
        self.before, self.head = before, head

    def forward(self, image: Tensor) -> Tensor:
        x = self.patches(image).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.places
        for norm, attention in zip(self.norms, self.attentions, strict=True):
            x = self.before(x)
            x = x + attention(norm(x))
            x = x + self.mlp(x)
        return self.head(x)
