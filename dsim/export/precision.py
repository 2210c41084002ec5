"""How far rounding alone may move the scores of a design, in a given format of numbers.

Each runtime sums in an order of its own. A convolution over hundreds of terms hides that; a group norm over a whole map
sums 150,000 terms, and its mean moves every value of the map alike. So the design is run in float64, once exactly and a few
times with each layer's result off by what rounding may do to it: a sum of n terms is off by about sqrt(n) roundings.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dsim.export.subject import Subject

RUNS = 3
MARGIN = 2.0  # the worst of a few random runs, and a runtime that is twice as unlucky


@dataclass(frozen=True)
class Precision:
    """A format of numbers.

    Attributes
    ----------
    name
        As people know it.
    unit
        Largest relative error of one rounding.
    sums
        Whether sums are kept in it too.
    most
        Part of the largest score beyond which a difference is a fault, whatever rounding may do.
    """

    name: str
    unit: float
    sums: bool
    most: float


FLOAT32 = Precision("float32", 2.0**-24, sums=True, most=1e-2)
FLOAT16 = Precision("float16", 2.0**-11, sums=False, most=1e-1)


def exact_and_held(subject: Subject, precision: Precision) -> tuple[Tensor, float]:
    """Return the scores (1, classes) in float64, and how far from them a correct file's scores may be."""
    import torch

    module, image = copy.deepcopy(subject.module).double().eval(), subject.image.double()
    with torch.no_grad():
        exact: Tensor = module(image)
    random = torch.Generator().manual_seed(0)
    runs = [_rounded(module, image, precision, random) for _ in range(RUNS)]
    worst = max(float((scores - exact).abs().max()) for scores in runs)
    return exact, min(MARGIN * worst, precision.most * float(exact.abs().max()))


def _rounded(module: nn.Module, image: Tensor, precision: Precision, random: Any) -> Tensor:
    """Run a module whose layers' results are each off by rounding, drawn at random."""
    import torch

    def draw(like: Tensor, shape: tuple[int, ...]) -> Tensor:
        return precision.unit * torch.randn(shape, generator=random, dtype=like.dtype)

    def off(layer: nn.Module, _: object, result: object) -> Tensor | None:
        if not isinstance(result, torch.Tensor):
            return None
        terms, shape = _sums(layer, result)
        moved: Tensor = result * (1.0 + draw(result, tuple(result.shape)))
        if not precision.sums or not terms:
            return moved
        moved += terms**0.5 * result.std() * draw(result, shape)
        return moved

    hooks = [layer.register_forward_hook(off) for layer in module.modules() if not list(layer.children())]
    try:
        with torch.no_grad():
            scores: Tensor = module(image)
    finally:
        for hook in hooks:
            hook.remove()
    return scores


def _sums(layer: nn.Module, result: Tensor) -> tuple[int, tuple[int, ...]]:
    """Return how many terms a layer sums, and the shape of its sums: one for each value, or one for a whole group."""
    from torch import nn

    shape = tuple(result.shape)
    if isinstance(layer, nn.Conv2d | nn.Linear):
        return layer.weight[0].numel(), shape
    if isinstance(layer, nn.GroupNorm):
        return result[0].numel() // layer.num_groups, (shape[0],) + (1,) * (len(shape) - 1)
    if isinstance(layer, nn.LayerNorm):
        return int(layer.normalized_shape[-1]), (*shape[:-1], 1)
    return 0, shape
