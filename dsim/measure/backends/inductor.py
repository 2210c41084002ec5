"""Compile a module with torch.compile as deployers do (frozen weights), and time the kernels of what was generated.

Inductor writes a Python module that calls kernels: its own, compiled from C++, and those of libraries (oneDNN, MKL). The
first are timed by standing in for them in that module, the second by a dispatch mode (`torch_watch`). With no clock
inside, the plain runs are timed as they are deployed.

Importing this imports torch; backends do so when they are asked to run.
"""

from __future__ import annotations

import math
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, MethodType, ModuleType
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn

from dsim.errors import UnavailableError
from dsim.measure.backends.aten import kinds_in
from dsim.measure.backends.torch_watch import Record, Watch
from dsim.measure.records import RuntimeOp

PREFIX = "cpp_fused"
_LIVE: WeakSet[nn.Module] = WeakSet()  # networks whose compiled code may still be called
_SIGNATURE = re.compile(rf"^({PREFIX}\w*) = async_compile\.cpp_pybinding\(\[(.*?)\]", re.MULTILINE)


def require_compiler() -> None:
    """Ask for a C++ compiler.

    Raises
    ------
    UnavailableError
        Inductor finds none.
    """
    from torch._inductor.cpp_builder import get_cpp_compiler
    from torch._inductor.exc import InvalidCxxCompiler

    try:
        get_cpp_compiler()
    except (InvalidCxxCompiler, RuntimeError) as error:
        raise UnavailableError(
            "torch-compile needs a C++ compiler, and Inductor finds none; install g++ or clang++, or set CXX"
        ) from error


def compile_frozen(module: nn.Module, image: Tensor) -> tuple[Callable[[Tensor], Tensor], ModuleType | None]:
    """Compile, and give what runs the network and the Python module that Inductor generated (None if not just one)."""
    import torch._inductor.config as inductor
    from torch._inductor.codecache import PyCodeCache

    if not _LIVE:
        torch._dynamo.reset()  # it holds the weights of every network that it ever compiled
    _LIVE.add(module)
    own = _with_own_code(module)
    before = len(PyCodeCache.modules)
    with torch.inference_mode(), inductor.patch(freezing=True, compile_threads=1):
        # one thread: a pool of compilers would inherit the core that this process is kept on
        compiled: Callable[[Tensor], Tensor] = torch.compile(own, fullgraph=True, dynamic=False)
        compiled(image)
    made = PyCodeCache.modules[before:]
    for one in made:  # they hold the frozen weights, and Inductor would keep every network's until the end
        PyCodeCache.modules.remove(one)
        sys.modules.pop(one.__name__, None)
    return compiled, made[0] if len(made) == 1 else None


def _with_own_code(module: nn.Module) -> nn.Module:
    """Return a module's forward a code object of its own.

    Dynamo keeps what it compiled by code object, tries each in turn, and gives up after eight: networks of one class
    would be in each other's way.
    """
    forward: Any = module.forward
    plain: Any = forward.__func__
    copy = FunctionType(
        plain.__code__.replace(), plain.__globals__, plain.__name__, plain.__defaults__, plain.__closure__
    )
    copy.__kwdefaults__ = plain.__kwdefaults__
    module.forward = MethodType(copy, module)
    return module


def watch_kernels(generated: ModuleType, image: Tensor, record: Record) -> None:
    """Run what Inductor generated once, and record every kernel."""
    with torch.inference_mode(), _standing_in(generated, record), Watch(record):
        generated.call([image])


@contextmanager
def _standing_in(generated: ModuleType, record: Record) -> Iterator[None]:
    kernels = {name: one for name, one in vars(generated).items() if name.startswith(PREFIX)}
    writes = written(Path(generated.__file__ or "").read_text(encoding="utf-8"))
    try:
        for name, kernel in kernels.items():
            setattr(generated, name, _timed(name, kernel, writes.get(name), record))
        yield
    finally:
        for name, kernel in kernels.items():
            setattr(generated, name, kernel)


def written(source: str) -> dict[str, tuple[bool, ...]]:
    """Tell which arguments each kernel in a generated module writes: pointers that are not const."""
    return {
        name: tuple("*" in one and "const" not in one for one in types.split(","))
        for name, types in _SIGNATURE.findall(source)
    }


def _timed(
    name: str, kernel: Callable[..., Any], writes: tuple[bool, ...] | None, record: Record
) -> Callable[..., None]:
    kind = kinds_in(name)

    def run(*args: Any) -> None:
        start = time.perf_counter()
        kernel(*args)
        latency_ms = (time.perf_counter() - start) * 1e3
        mask = writes if writes is not None and len(writes) == len(args) else (True,) * len(args)
        sizes = [
            math.prod(one.shape)
            for one, out in zip(args, mask, strict=True)
            if out and isinstance(one, Tensor)
        ]
        record.ops.append(RuntimeOp(name.rstrip("0123456789_"), kind, 0, max(sizes, default=0), latency_ms))

    return run
