"""What stands in the way of reading a module, and what to pass instead, in one line."""

from __future__ import annotations

import re
import traceback
from pathlib import Path

import torch

from dsim.errors import DsimError
from dsim.graph.torch_call import arguments_of, needed
from dsim.graph.torch_twin import is_quantised

MOST = 200  # characters of torch's own words
TORCH = Path(torch.__file__).resolve().parent
OURS = Path(__file__).resolve().parent
PYTHON = Path(traceback.__file__).resolve().parent
_DATA = re.compile(r"data-dependent|unbacked|depends on data|DynamicOutputShape|item\(\)", re.IGNORECASE)


def obstacle(module: torch.nn.Module, error: BaseException) -> str:
    """Say what stands in the way and what to do about it.

    Parameters
    ----------
    module
        What was to be read.
    error
        What torch raised.
    """
    said = _one_line(error)
    if isinstance(error, DsimError) and not _DATA.search(said):
        return said
    left = sorted({type(part).__name__ for part in module.modules() if is_quantised(part)})
    where = _place(error)
    at = f" at {where}" if where else ""
    if _DATA.search(said) or _DATA.search(type(error).__name__):
        return (
            f"what runs depends on the values of the input{at}: control flow, or a tensor's size; "
            f"pass a part that does not, such as {_parts(module)}"
        )
    if left or "quantized" in said:
        return (
            f"it is quantised ({', '.join(left) or 'operators of torch.ops.quantized'}); "
            "pass the float network that it was made from"
        )
    if "scalar types: Long" in said or "Long, Int" in said or "must be integers" in said:
        return f"it takes whole numbers{at}; give them as --input {_first(module)}=1x128:int64, with its own shape"
    if isinstance(module, torch.jit.ScriptModule):
        return f"it is TorchScript that torch cannot convert ({said}); pass the module that it was made from"
    if "numpy" in said and "not supported" in said:
        return f"it leaves torch for numpy{at}; use torch's own operators there, or pass a part before it, such as {_parts(module)}"
    hint = ""
    if isinstance(error, IndexError | KeyError | TypeError | AttributeError):
        name = _first(module)
        hint = f"; a dictionary is written {name}.KEY=1x3x224x224, a list {name}=[3x224x224]"
    return (
        f"{said}{at}; it must run on what it is given, and takes {arguments_of(module)}: "
        f"write {' '.join(f'--input {name}=SHAPE' for name in needed(module)) or '--input NAME=SHAPE for each'}{hint}"
    )


def _first(module: torch.nn.Module) -> str:
    return next(iter(needed(module)), "NAME")


def _parts(module: torch.nn.Module) -> str:
    """Name the first parts of a module that have parameters."""
    named = [name for name, part in module.named_children() if next(part.parameters(), None) is not None][:3]
    return ", ".join(f"its .{name}" for name in named) if named else "its layers by themselves"


def _place(error: BaseException) -> str:
    """Return the file and line of the user's code that raised it, as far as the traceback tells."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith("<")
        and not {TORCH, OURS} & set(Path(frame.filename).parents)
        and Path(frame.filename).parent != PYTHON
    ]
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""


def _one_line(error: BaseException) -> str:
    """Return the first line of what torch says, cut to a length that a person reads."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = (lines[0] if lines else type(error).__name__).rstrip(".;")
    return text if len(text) <= MOST else f"{text[:MOST].rstrip()} ..."
