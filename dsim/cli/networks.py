"""What a user may call a network on the command line: a design, a module of their own, an ONNX file, a timm name."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

from dsim.errors import FileAccessError, FileFormatError, InvalidValueError, MissingPackageError
from dsim.graph import Graph
from dsim.graph.read import as_graph

FORMS = "a preset, an arch.json, a study's folder, model.py:function, a .onnx file, or timm:NAME"


def read_network(text: str, input_shape: tuple[int, ...] | None) -> Graph:
    """Give the graph of the network that a command-line argument names.

    Parameters
    ----------
    text
        A preset, an arch.json, a study's folder, ``model.py:function``, an .onnx file, or ``timm:NAME``.
    input_shape
        What it is read with, batch first; None for its own, or (1, 3, 224, 224) for a module.

    Raises
    ------
    DsimError
        It is none of these, cannot be read, or does not take that input.
    """
    if text.startswith("timm:"):
        return as_graph(_timm(text.removeprefix("timm:")), input_shape)
    if text.lower().endswith(".onnx"):
        return as_graph(Path(text), input_shape)
    path, colon, function = text.rpartition(":")
    if colon and path.endswith(".py"):
        return as_graph(_own_module(Path(path), function), input_shape)
    from dsim.cli.designs import read_design  # deferred: a file needs no presets

    design = read_design(text)
    if input_shape is not None and tuple(input_shape) != (1, 3, design.resolution, design.resolution):
        raise InvalidValueError(
            f"a design has its own input, 1x3x{design.resolution}x{design.resolution}, got {shown(input_shape)}; "
            "leave out --input or change the design's resolution"
        )
    return design.to_graph()


def parse_shape(text: str) -> tuple[int, ...]:
    """Read ``1x3x224x224``.

    Raises
    ------
    InvalidValueError
        It is no shape.
    """
    if not re.fullmatch(r"[1-9]\d{0,5}(x[1-9]\d{0,5}){1,5}", text):
        raise InvalidValueError(f"an input must read like 1x3x224x224, got {text!r}; give sizes, batch first")
    return tuple(int(part) for part in text.split("x"))


def shown(shape: tuple[int, ...]) -> str:
    """Write a shape as a user gives it."""
    return "x".join(str(size) for size in shape)


def _timm(name: str) -> Any:
    try:
        import timm
    except ImportError as error:
        raise MissingPackageError(
            f"timm:{name} needs the package timm, which is not installed; run: pip install timm"
        ) from error
    except Exception as error:  # torchvision's compiled part does not fit every build of torch
        raise MissingPackageError(
            f"timm:{name} needs a timm that can be imported, got {type(error).__name__}: {error}; reinstall timm and torchvision"
        ) from error
    if not timm.is_model(name):
        near = timm.list_models(f"*{name[:8]}*")[:5]
        raise InvalidValueError(
            f"timm has no model {name!r}; "
            + (f"near: {', '.join(near)}" if near else "see timm.list_models()")
        )
    return timm.create_model(name, pretrained=False).eval()


def _own_module(path: Path, function: str) -> Any:
    """Run the user's own file and call one of its functions, which must give a module."""
    if not path.is_file():
        raise FileAccessError(f"{path} cannot be read: no such file; name it as model.py:function")
    spec = importlib.util.spec_from_file_location("dsim_user_model", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(loaded)
        made = getattr(loaded, function, None)
        if not callable(made):
            raise FileFormatError(
                f"{path} has no function {function!r}; name one that gives a torch.nn.Module"
            )
        module = made()
    except FileFormatError:
        raise
    except Exception as error:
        raise FileFormatError(
            f"{path}:{function} failed with {type(error).__name__}: {' '.join(str(error).split())}; run it by itself first"
        ) from error
    if not callable(getattr(module, "state_dict", None)):
        raise FileFormatError(
            f"{path}:{function} must give a torch.nn.Module, got {type(module).__name__}; build the module there"
        )
    return module
