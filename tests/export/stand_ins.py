"""Empty stand-ins for packages that timm and segmentation-models-pytorch import and that no test here uses.

A torchvision fits one build of torch alone (that of the package index does not load beside torch's CPU build), and the
client of the Hugging Face hub brings a dozen packages to download what these tests must not download. Neither has a part
in making a registered network, so both libraries are installed without them and find these modules in their place.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

ABSENT = (
    "torchvision",
    "torchvision.datasets",
    "torchvision.models",
    "torchvision.models.densenet",
    "torchvision.models.feature_extraction",
    "torchvision.models.resnet",
    "torchvision.models.vgg",
    "torchvision.ops",
    "torchvision.ops.misc",
    "torchvision.transforms",
    "torchvision.transforms.functional",
    "torchvision.utils",
    "huggingface_hub",
    "huggingface_hub.utils",
)
INTERPOLATIONS = ("NEAREST", "BILINEAR", "BICUBIC", "BOX", "HAMMING", "LANCZOS")


class _Empty:
    """What every name of a stand-in is: a class that may be a base, with the methods that others wrap."""

    def __init_subclass__(cls, **options: object) -> None:
        pass

    def __new__(cls, *given: object, **options: object) -> _Empty:
        return super().__new__(cls)

    def save_pretrained(self) -> None:
        raise NotImplementedError

    from_pretrained = save_pretrained


class _StandIn(ModuleType):
    """A module in which every name is an empty class."""

    __path__: list[str] = []  # noqa: RUF012 - what makes a module a package

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        known = f"{self.__name__}.{name}"
        if known in ABSENT:
            return sys.modules[known]
        made: object
        if name == "InterpolationMode":  # timm makes a table of its members
            made = enum.Enum(name, {mode: mode.lower() for mode in INTERPOLATIONS})
        else:
            made = type(name, (_Empty,), {})
        setattr(self, name, made)
        return made


@contextmanager
def stand_ins() -> Iterator[None]:
    """Put the stand-ins where imports look for modules, and put back what was there."""
    before = {name: sys.modules.get(name) for name in ABSENT}
    sys.modules.update({name: _StandIn(name) for name in ABSENT})
    try:
        yield
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
