"""top1: the accuracy of one design or module, with its interval. What `dsim.top1` runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.model import REGION
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.graph import Graph

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Top1Estimate:
    """ImageNet-1k top-1 in percent, for 300 epochs, distilled from a convnet, 224 px.

    Attributes
    ----------
    top1, low, high
        Percent; low and high bound the central interval at ``confidence``.
    confidence
        Level of the interval.
    distance
        To the nearest known network; above `dsim.accuracy.model.REGION` the estimate is an extrapolation.
    """

    top1: float
    low: float
    high: float
    confidence: float
    distance: float

    @property
    def extrapolated(self) -> bool:
        """True for a network unlike any that the model has seen."""
        return self.distance > REGION


def estimate_top1(
    arch_or_module: Arch | Graph | torch.nn.Module | str | Path,
    *,
    confidence: float = 0.9,
    input_shape: tuple[int, ...] = (1, 3, 224, 224),
    recipe: Recipe = REFERENCE,
) -> Top1Estimate:
    """Estimate ImageNet top-1 of a design, by default at the reference recipe.

    Parameters
    ----------
    arch_or_module
        A design (a preset's name, the path of an arch.json or of a study's folder, or the design itself), a graph, or
        any torch.nn.Module that torch.export can trace (a timm network, say; in its training or
        its fused form, which count the same).
    confidence
        Level of the interval.
    input_shape
        What a module is traced with; a design has its own resolution.
    recipe
        How it would be trained, if not by the reference recipe.

    Raises
    ------
    InvalidValueError
        The confidence is not between 0 and 1.
    UnsupportedOpError
        The module cannot be traced.
    """
    if isinstance(arch_or_module, Arch | str | Path):
        graph = read_design(arch_or_module).to_graph()
    elif isinstance(arch_or_module, Graph):
        graph = arch_or_module
    else:
        from dsim.graph.torch_reader import read_module  # torch takes seconds to load

        graph = read_module(arch_or_module, input_shape)
    model = load_accuracy_model()
    answer = model.predict(model.summarise(graph)[None, :], confidence, recipe)
    values = (answer.top1, answer.low, answer.high)
    top1, low, high = (round(float(v[0]), 3) for v in values)
    return Top1Estimate(top1, low, high, confidence, round(float(answer.distance[0]), 4))
