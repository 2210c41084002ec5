"""LiteRT's C interface, which its Python package brings as a library: a model run with the profiler on.

Declared after LiteRT's public headers litert_profiler.h, litert_profiler_event.h and litert_model_types.h.
"""

from __future__ import annotations

import ctypes
import importlib.util
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.errors import UnavailableError

if TYPE_CHECKING:
    import numpy as np

NAMES = ("libLiteRt.so", "libLiteRt.dylib")
NEEDED = ("LiteRtCompiledModelGetProfiler", "LiteRtStartProfiler", "LiteRtGetProfilerEvents")
CPU = 1  # kLiteRtHwAcceleratorCpu
WRITE = 1  # kLiteRtTensorBufferLockModeWrite
OPERATOR, DELEGATED = 2, 8  # types of event: an operator of LiteRT's own, and one of a delegate's
# options are text in TOML, by the name of what reads them
OPTIONS = {"xnnpack": b"num_threads = 1\n", "runtime_options_string": b"enable_profiling = true\n"}
Profiled = Callable[[bytes, "np.ndarray[Any, Any]", int], list[list[tuple[str, float]]]]
_Handle = ctypes.c_void_p
_size = ctypes.c_size_t


class _Layout(ctypes.Structure):
    _fields_ = (
        ("rank", ctypes.c_uint, 7),
        ("has_strides", ctypes.c_uint, 1),
        ("dimensions", ctypes.c_int32 * 8),
        ("strides", ctypes.c_uint32 * 8),
    )


class _TensorType(ctypes.Structure):
    _fields_ = (("element_type", ctypes.c_int), ("layout", _Layout))


class _Event(ctypes.Structure):
    _fields_ = (
        ("tag", ctypes.c_char_p),
        ("type", ctypes.c_int),
        ("start_us", ctypes.c_uint64),
        ("elapsed_us", ctypes.c_uint64),
        ("memory", ctypes.c_size_t * 6),
        ("index", ctypes.c_uint64),
        ("subgraph", ctypes.c_uint64),
        ("source", ctypes.c_int),
    )


def find_library() -> Profiled | None:
    """Return what runs a model with the profiler on; None where the installed package has no such library."""
    spec = importlib.util.find_spec("ai_edge_litert")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else None
    path = next((folder / name for name in NAMES if (folder / name).exists()), None) if folder else None
    if path is None:
        return None
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    if not all(hasattr(library, name) for name in NEEDED):
        return None
    return lambda content, image, runs: _Model(library).profile(content, image, runs)


class _Model:
    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library

    def _call(self, name: str, *args: Any) -> None:
        status = getattr(self._library, name)(*args)
        if status != 0:
            raise UnavailableError(f"LiteRT's {name} failed with status {status}; time another backend")

    def _make(self, stack: ExitStack, what: str, name: str, *args: Any) -> _Handle:
        """Make an object of the library's, which the stack destroys."""
        made = _Handle()
        self._call(name, *args, ctypes.byref(made))
        destroy = getattr(self._library, f"LiteRtDestroy{what}")
        destroy.restype = None
        stack.callback(destroy, made)
        return made

    def profile(
        self, content: bytes, image: np.ndarray[Any, Any], runs: int
    ) -> list[list[tuple[str, float]]]:
        """Return for each run the operators in their order: the runtime's own name, and milliseconds.

        Parameters
        ----------
        content
            A .tflite file with one input and one output.
        image
            float32, of the input's shape.
        """
        with ExitStack() as stack:
            zero, one = _size(0), _size(1)
            environment = self._make(stack, "Environment", "LiteRtCreateEnvironment", ctypes.c_int(0), None)
            model = self._make(
                stack, "Model", "LiteRtCreateModelFromBuffer", environment, content, _size(len(content))
            )
            compiled = self._make(
                stack, "CompiledModel", "LiteRtCreateCompiledModel", environment, model, self._options(stack)
            )
            signature = _Handle()
            self._call("LiteRtGetModelSignature", model, zero, ctypes.byref(signature))
            given = self._buffer(stack, environment, compiled, signature, "Input")
            address = _Handle()
            self._call("LiteRtLockTensorBuffer", given, ctypes.byref(address), ctypes.c_int(WRITE))
            ctypes.memmove(address, image.ctypes.data, image.nbytes)
            self._call("LiteRtUnlockTensorBuffer", given)
            made = self._buffer(stack, environment, compiled, signature, "Output")
            profiler = _Handle()
            self._call("LiteRtCompiledModelGetProfiler", compiled, ctypes.byref(profiler))
            out = []
            for _ in range(runs):
                self._call("LiteRtResetProfiler", profiler)
                self._call("LiteRtStartProfiler", profiler)
                inputs, outputs = (_Handle * 1)(given), (_Handle * 1)(made)
                self._call("LiteRtRunCompiledModel", compiled, zero, one, inputs, one, outputs)
                self._call("LiteRtStopProfiler", profiler)
                out.append(self._events(profiler))
            return out

    def _options(self, stack: ExitStack) -> _Handle:
        options = self._make(stack, "Options", "LiteRtCreateOptions")
        self._call("LiteRtSetOptionsHardwareAccelerators", options, ctypes.c_int(CPU))
        libc = ctypes.CDLL(None)
        libc.strdup.restype = _Handle
        for name, text in OPTIONS.items():
            opaque = _Handle()  # the options own it, and free the text
            copy = _Handle(libc.strdup(text))
            free = ctypes.cast(libc.free, _Handle)
            self._call("LiteRtCreateOpaqueOptions", name.encode(), copy, free, ctypes.byref(opaque))
            self._call("LiteRtAddOpaqueOptions", options, opaque)
        return options

    def _buffer(
        self, stack: ExitStack, environment: _Handle, compiled: _Handle, signature: _Handle, side: str
    ) -> _Handle:
        zero = _size(0)
        tensor, needs, kind = _Handle(), _Handle(), _TensorType()
        self._call(f"LiteRtGetSignature{side}TensorByIndex", signature, zero, ctypes.byref(tensor))
        self._call("LiteRtGetRankedTensorType", tensor, ctypes.byref(kind))
        self._call(
            f"LiteRtGetCompiledModel{side}BufferRequirements", compiled, zero, zero, ctypes.byref(needs)
        )
        create = "LiteRtCreateManagedTensorBufferFromRequirements"
        return self._make(stack, "TensorBuffer", create, environment, ctypes.byref(kind), needs)

    def _events(self, profiler: _Handle) -> list[tuple[str, float]]:
        number = ctypes.c_int()
        self._call("LiteRtGetNumProfilerEvents", profiler, ctypes.byref(number))
        events = (_Event * number.value)()
        self._call("LiteRtGetProfilerEvents", profiler, number, events)
        return [
            (event.tag.decode(), event.elapsed_us / 1e3)
            for event in events
            if event.type in (OPERATOR, DELEGATED) and event.tag
        ]
