"""Training-free estimates of a design, computed on its fresh weights; higher is better.

synflow: https://arxiv.org/abs/2006.05467; naswot: https://arxiv.org/abs/2006.04647; ZiCo: https://arxiv.org/abs/2301.11300.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor, nn

_ACTIVATIONS = (nn.ReLU, nn.GELU, nn.Hardswish, nn.SiLU, nn.ReLU6)
_TINY = 1e-12


def synflow(module: nn.Module, px: int) -> float:
    """Return the log of the sum of |weight * gradient| of all weights, with weights made positive and an image of ones."""
    module = module.double().eval()
    with torch.no_grad():
        for weight in module.parameters():
            weight.abs_()
    module.zero_grad()
    module(torch.ones(1, 3, px, px, dtype=torch.float64)).sum().backward()
    total = sum(float((w.detach() * w.grad).abs().sum()) for w in module.parameters() if w.grad is not None)
    return float(torch.tensor(total + _TINY).log())


def naswot(module: nn.Module, images: Tensor) -> float:
    """Return the log determinant of how alike images are by the signs that activations see.

    The paper has ReLU; for other activations the sign of their input takes its place.
    """
    codes: list[Tensor] = []
    handles = [
        part.register_forward_pre_hook(lambda _, inputs: codes.append((inputs[0] > 0).flatten(1).double()))
        for part in module.modules()
        if isinstance(part, _ACTIVATIONS)
    ]
    module.train()
    with torch.no_grad():
        module(images)
    for handle in handles:
        handle.remove()
    alike = sum((code @ code.T + (1 - code) @ (1 - code).T for code in codes), torch.zeros(()))
    return float(torch.linalg.slogdet(alike).logabsdet)


def zico(module: nn.Module, batches: Iterable[tuple[Tensor, Tensor]]) -> float:
    """Return the sum over layers of the log of mean(|gradient|) / deviation(gradient) over batches, added up over weights."""
    module.train()
    layers = [part for part in module.modules() if isinstance(part, nn.Conv2d | nn.Linear)]
    gradients: dict[int, list[Tensor]] = {number: [] for number in range(len(layers))}
    for images, labels in batches:
        module.zero_grad()
        F.cross_entropy(module(images), labels).backward()  # type: ignore[no-untyped-call]
        for number, layer in enumerate(layers):
            if layer.weight.grad is not None:
                gradients[number].append(layer.weight.grad.flatten().clone())
    total = 0.0
    for rows in gradients.values():
        if not rows:
            continue
        stacked = torch.stack(rows)
        deviation, mean = stacked.std(dim=0, unbiased=False), stacked.abs().mean(dim=0)
        there = deviation > 0
        summed = float((mean[there] / deviation[there]).sum())
        total += float(torch.tensor(summed + _TINY).log())
    return total
