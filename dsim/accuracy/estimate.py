"""top1: the accuracy of one design or module, with its interval. What `dsim.top1` runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.accuracy.asked_recipe import read_recipe, recipe_words
from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.kin import question_words
from dsim.accuracy.misses import REGION
from dsim.accuracy.points import resolutions_of
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.errors import InvalidValueError
from dsim.graph import Graph
from dsim.graph.read import as_graph
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True, repr=False)
class Top1Estimate(Summarised):
    """ImageNet-1k top-1 in percent, by default for 300 epochs, distilled from a convnet.

    Attributes
    ----------
    top1, low, high
        Percent; low and high bound the central interval at ``confidence``.
    confidence
        Level of the interval.
    distance
        To the nearest known network; above `dsim.accuracy.misses.REGION` the estimate is an extrapolation.
    resolution
        Side in pixels of the images that it would be trained and tested on.
    recipe
        How it would be trained, in words.
    question
        What the interval is for, in words: another network of the family that designs are kin of, or one of no known family.
    """

    top1: float
    low: float
    high: float
    confidence: float
    distance: float
    resolution: int = REFERENCE.train_resolution
    recipe: str = ""
    question: str = ""

    @property
    def extrapolated(self) -> bool:
        """True for a network unlike any that the model has seen."""
        return self.distance > REGION

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, as ``dsim top1 --json`` prints them."""
        return {
            "top1": self.top1,
            "low": self.low,
            "high": self.high,
            "confidence": self.confidence,
            "resolution": self.resolution,
            "recipe": self.recipe,
            "question": self.question,
            "distance": self.distance,
            "extrapolated": self.extrapolated,
        }

    def summary(self) -> Summary:
        """Return what it says in short."""
        rows = [
            ("top-1", f"{self.top1:.1f} % (ImageNet-1k, trained and tested at {self.resolution} px)"),
            *((("recipe", self.recipe),) if self.recipe else ()),
            ("interval", f"{self.low:.1f} to {self.high:.1f} %, at {self.confidence:.0%}"),
            *((("question", self.question),) if self.question else ()),
            (
                "distance",
                f"{self.distance:.2f} to the nearest known network, at most {REGION:.2f} in a search",
            ),
        ]
        if self.extrapolated:
            rows.append(("note", "no known network is like it; the estimate is an extrapolation"))
        return Summary("Accuracy estimate", tuple(rows))


def estimate_top1(
    arch_or_module: Arch | Graph | torch.nn.Module | str | Path,
    *,
    confidence: float = 0.9,
    input_shape: tuple[int, ...] = (1, 3, 224, 224),
    recipe: Recipe | str | None = None,
) -> Top1Estimate:
    """Estimate ImageNet top-1 of a design, by default for the reference recipe at the design's own resolution.

    A design is kin of EfficientFormer's networks, and estimated from them too. A graph or a module may be of any family.

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
        How it would be trained, if not by the reference recipe: a text such as ``"epochs=100,teacher=none,px=224"``, or
        a `Recipe`. A design is built at its resolution; what a text leaves out is as in the reference recipe.

    Raises
    ------
    InvalidValueError
        The confidence is not between 0 and 1, or it is none of these.
    UnsupportedOpError
        The module cannot be traced.
    """
    designs = isinstance(arch_or_module, Arch | str | Path)
    if isinstance(arch_or_module, Arch | str | Path):
        design = read_design(arch_or_module)
        recipe = read_recipe(recipe, design.resolution) if isinstance(recipe, str) else recipe
        if recipe is not None:
            design = replace(design, resolution=recipe.train_resolution)
        graph = design.to_graph()
    elif isinstance(arch_or_module, Graph):
        graph = arch_or_module
    else:
        graph = as_graph(arch_or_module, input_shape)
    model = load_accuracy_model()
    summaries = model.summarise(graph)[None, :]
    own = int(resolutions_of(summaries)[0])
    if isinstance(recipe, str):
        recipe = read_recipe(recipe, own)
        if recipe.train_resolution != own:
            raise InvalidValueError(
                f"a recipe's px must be the network's own {own} px, got {recipe.train_resolution}; leave px out, or give "
                "the network at that size"
            )
    answer = model.predict(summaries, confidence, recipe, designs)
    resolution = recipe.train_resolution if recipe else own
    values = (answer.top1, answer.low, answer.high)
    top1, low, high = (round(float(v[0]), 3) for v in values)
    distance = round(float(answer.distance[0]), 4)
    words = recipe_words(recipe, resolution)
    question = question_words(bool(answer.by_kin[0]), recipe)
    return Top1Estimate(top1, low, high, confidence, distance, resolution, words, question)
