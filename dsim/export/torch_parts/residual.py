"""Residual branches: layer scale and stochastic depth."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """A block that adds its branches to its input.

    ``drop_path_rate`` is the chance that a branch is left out for a sample in training (stochastic depth).
    """

    drop_path_rate = 0.0

    @staticmethod
    def scale(width: int, initial: float | None) -> nn.Parameter | None:
        """Make a layer scale, one learned factor per channel, or None."""
        return None if initial is None else nn.Parameter(initial * torch.ones(width))

    def add(self, x: Tensor, branch: Tensor, scale: nn.Parameter | None) -> Tensor:
        """Return x + scale * branch, for maps (N, C, H, W) and tokens (N, L, C)."""
        if scale is not None:
            branch = branch * (scale.view(-1, 1, 1) if branch.ndim == 4 else scale)
        if self.training and self.drop_path_rate > 0:
            keep = 1 - self.drop_path_rate
            mask = branch.new_empty((branch.shape[0],) + (1,) * (branch.ndim - 1)).bernoulli_(keep)
            branch = branch * mask / keep
        return x + branch
