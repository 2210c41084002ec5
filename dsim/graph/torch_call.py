"""What a module is called with: tensors of zeros, in the places and under the names that its forward has for them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from dsim.errors import InvalidValueError
from dsim.graph.inputs import FLOAT, IMAGE, Inputs, Tensor, Value, nested

VALUES = {"int64": torch.int64, "int32": torch.int32, "bool": torch.bool}


def call_of(module: torch.nn.Module, asked: Inputs | None) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Make the arguments of a module's forward, by place and by name.

    Parameters
    ----------
    asked
        What the caller gives; None for one image.

    Raises
    ------
    InvalidValueError
        They are not what the module's forward takes.
    """
    device, dtype = _home(module)

    def made(value: Value) -> Any:
        if isinstance(value, Tensor):
            kind = dtype if value.dtype == FLOAT else VALUES[value.dtype]
            return torch.zeros(value.shape, device=device, dtype=kind)
        if isinstance(value, Mapping):
            return {name: made(inner) for name, inner in value.items()}
        return [made(inner) for inner in value]

    takes = _parameters(module)
    if asked is None:
        asked = _one_image(takes)
    args = tuple(made(value) for value in asked.by_place)
    kwargs = {name: made(value) for name, value in nested(asked.by_name).items()}
    if takes is not None:
        _check(type(module).__name__, takes, asked, len(args), kwargs)
    return args, kwargs


def arguments_of(module: torch.nn.Module) -> str:
    """Return the names of what a module's forward takes, as a person reads them."""
    takes = _parameters(module)
    return ", ".join(takes.parameters) if takes is not None else "unknown arguments"


def needed(module: torch.nn.Module) -> tuple[str, ...]:
    """Return the names of the arguments that a module's forward cannot do without."""
    takes = _parameters(module)
    return tuple(_needed(takes)) if takes is not None else ()


def _home(module: torch.nn.Module) -> tuple[torch.device, torch.dtype]:
    """Return where a module's weights lie, and the kind of its floating-point numbers."""
    tensors = [*module.parameters(), *module.buffers()]
    floats = [tensor for tensor in tensors if tensor.is_floating_point()]
    device = tensors[0].device if tensors else torch.device("cpu")
    return device, floats[0].dtype if floats else torch.float32


def _parameters(module: torch.nn.Module) -> inspect.Signature | None:
    """Return the signature of a module's forward, None where it has none that can be read."""
    if isinstance(module, torch.jit.ScriptModule):
        return None
    inner = module
    while isinstance(inner, torch.nn.DataParallel):
        inner = inner.module
    try:
        return inspect.signature(inner.forward)
    except (TypeError, ValueError):
        return None


def _needed(takes: inspect.Signature) -> list[str]:
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [
        name
        for name, parameter in takes.parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind not in kinds
    ]


def _one_image(takes: inspect.Signature | None) -> Inputs:
    """Return the image to the first argument, by name where it must be."""
    first = next(iter(takes.parameters.values()), None) if takes is not None else None
    if first is not None and first.kind is inspect.Parameter.KEYWORD_ONLY:
        return Inputs((), {first.name: Tensor(IMAGE)})
    return Inputs((Tensor(IMAGE),))


def _check(name: str, takes: inspect.Signature, asked: Inputs, places: int, kwargs: dict[str, Any]) -> None:
    try:
        takes.bind(*(None,) * places, **kwargs)
    except TypeError as error:
        needs = _needed(takes)
        write = " ".join(f"--input {each}=1x3x224x224" for each in needs)
        raise InvalidValueError(
            f"{name} takes {', '.join(takes.parameters) or 'no input'}"
            + (f" and cannot do without {', '.join(needs)}" if len(takes.parameters) > len(needs) > 0 else "")
            + f", got {asked} ({error}); write {write or 'the names that it takes'}, each with its own shape"
        ) from error
