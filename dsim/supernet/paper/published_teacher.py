"""A published network of timm as the teacher: EfficientFormer's is RegNetY-16GF, ``timm:regnety_160.deit_in1k``."""

from __future__ import annotations

import re
from typing import Any

from torch import nn

from dsim.errors import InvalidValueError
from dsim.graph.read import as_graph
from dsim.supernet.images import Images
from dsim.supernet.paper.settings import SCALING
from dsim.supernet.spec import PAPER, TrainSpec

TIMM = "timm:"
CLASSES = 1000
_SYNSET = re.compile(r"n[0-9]{8}")


def check_classes(name: str, spec: TrainSpec, images: Images) -> None:
    """Refuse images whose classes or whose scaling are not those that timm's networks learned.

    Raises
    ------
    InvalidValueError
        They are others.
    """
    if spec.recipe != PAPER:
        raise InvalidValueError(
            f"a teacher of timm sees images as --recipe paper scales them, got --teacher {name} with --recipe {spec.recipe}; use that "
            "recipe, or a teacher that `dsim train` made"
        )
    if len(images.classes) != CLASSES or not all(map(_SYNSET.fullmatch, images.classes)):
        raise InvalidValueError(
            f"a teacher of timm decides among ImageNet's {CLASSES} classes, whose folders are called as in n01440764, got "
            f"{len(images.classes)} from {images.classes[0]}; use a teacher that `dsim train` made on these images"
        )


def checked(name: str, module: nn.Module, px: int) -> tuple[nn.Module, int]:
    """Return a network of timm and its multiply-accumulates, once it is known to see images as the recipe scales them.

    Raises
    ------
    InvalidValueError
        It wants other images, or decides among other classes.
    """
    config: Any = getattr(module, "pretrained_cfg", {})
    mean, std = tuple(config.get("mean", ())), tuple(config.get("std", ()))
    if (mean, std) != (SCALING.mean, SCALING.std) or getattr(module, "num_classes", 0) != CLASSES:
        raise InvalidValueError(
            f"a teacher must see images less {SCALING.mean}, over {SCALING.std}, and decide among {CLASSES} classes, and {name} takes "
            f"{mean}, {std} and {getattr(module, 'num_classes', 0)}; choose another, such as {TIMM}regnety_160.deit_in1k"
        )
    return module, as_graph(module.eval(), (1, 3, px, px)).macs
