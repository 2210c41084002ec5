"""Outputs of a module that are not a tensor, list or dictionary, but an object that holds tensors among other things."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any

import torch

DEPTH = 4  # objects in objects in objects


def is_foreign_output(error: BaseException) -> bool:
    """Recognise torch's error about an output whose type it does not know."""
    return "not a known type" in str(error) or "pytree" in str(error)


def with_plain_outputs(module: torch.nn.Module) -> torch.nn.Module:
    """Return the same module, whose output is a list of the tensors in it, in order."""
    made = copy.copy(module)  # the caller's module stays as it is
    forward = type(module).forward

    @functools.wraps(module.forward)  # the names of its arguments
    def plain(*args: Any, **kwargs: Any) -> list[torch.Tensor]:
        return _tensors(forward(made, *args, **kwargs), DEPTH)

    object.__setattr__(made, "forward", plain)
    return made


def _tensors(value: Any, depth: int) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if depth == 0:
        return []
    if isinstance(value, Mapping):
        parts = list(value.values())
    elif isinstance(value, list | tuple | set):
        parts = list(value)
    else:
        parts = list(getattr(value, "__dict__", {}).values())
    return [tensor for part in parts for tensor in _tensors(part, depth - 1)]
