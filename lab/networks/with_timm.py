"""Import timm and torchvision, also where torch is a CPU build.

torchvision on PyPI is compiled against torch with CUDA, and that part does not load beside a CPU build of torch. torchvision then
stops, because the operators of that part are missing, and timm with it. Declaring two of them is enough: nothing here runs them.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import torch

OPS: Any = torch.ops  # neither has types
LIBRARY: Any = torch.library
ABSENT = (
    "nms(Tensor dets, Tensor scores, float t) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float t) -> Tensor",
)


@cache
def timm_here() -> Any:
    """Return the module timm.

    Raises
    ------
    ModuleNotFoundError
        It is not installed.
    """
    torchvision_here()
    return importlib.import_module("timm")


@cache
def torchvision_here() -> Any:
    """Return the module torchvision.

    Raises
    ------
    ModuleNotFoundError
        It is not installed.
    """
    if not _compiled_part_loads():
        _declared()
    return importlib.import_module("torchvision")


def _compiled_part_loads() -> bool:
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "this needs timm and torchvision, and torchvision is not installed; run: pip install -c constraints.txt -e '.[lab]'"
        )
    try:
        for part in Path(spec.origin).parent.glob("_C*"):
            OPS.load_library(part)
    except OSError:
        return False
    return True


@cache  # the declarations last as long as this object
def _declared() -> Any:
    library = LIBRARY.Library("torchvision", "DEF")
    for schema in ABSENT:
        library.define(schema)
    return library
