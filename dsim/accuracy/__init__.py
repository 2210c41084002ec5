"""ImageNet top-1 of a design for one named recipe, learned from published results, with its error."""

from dsim.accuracy.cache import load_accuracy_model
from dsim.accuracy.estimate import Top1Estimate, estimate_top1
from dsim.accuracy.misses import REGION
from dsim.accuracy.model import AccuracyArrays, AccuracyModel
from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.accuracy.summary import COLUMNS, summarise

__all__ = [
    "COLUMNS",
    "REFERENCE",
    "REGION",
    "AccuracyArrays",
    "AccuracyModel",
    "Recipe",
    "Top1Estimate",
    "estimate_top1",
    "load_accuracy_model",
    "summarise",
]
