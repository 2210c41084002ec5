"""Adaptive gradient clipping: no output of a weight moves by more than a share of itself (https://arxiv.org/abs/2102.06171)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

SMALLEST = 1e-3  # norm of a weight that is taken for a smaller one, so that zeros can move


def clip(weights: Iterable[nn.Parameter], share: float) -> None:
    """Shorten the gradients of each output to a share of its weights' norm, in place."""
    with torch.no_grad():
        for weight in weights:
            if weight.grad is None:
                continue
            most = share * _norms(weight).clamp_min(SMALLEST)
            found = _norms(weight.grad)
            weight.grad.mul_(torch.where(found > most, most / found.clamp_min(1e-6), torch.ones_like(found)))


def _norms(values: Tensor) -> Tensor:
    """Return the norm of each output's values, in a shape that multiplies them; of a vector, that of the whole."""
    across = tuple(range(1, values.ndim)) if values.ndim > 1 else None
    norms: Tensor = torch.linalg.vector_norm(values, dim=across, keepdim=True)
    return norms
