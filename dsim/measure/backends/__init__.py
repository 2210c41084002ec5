"""The runtimes that networks can be timed on."""

from dsim.errors import unknown_name
from dsim.measure.backends.lite_rt import LiteRt
from dsim.measure.backends.onnx_runtime import OnnxRuntime
from dsim.measure.backends.open_vino import OpenVino
from dsim.measure.backends.torch_cpu import TorchCpu
from dsim.measure.backends.torch_cuda import TorchCuda
from dsim.measure.records import Backend

BACKENDS: dict[str, Backend] = {
    backend.name: backend
    for backend in (
        OnnxRuntime(),
        OpenVino("f32"),
        OpenVino("bf16"),
        LiteRt(),
        TorchCpu(compiled=False),
        TorchCpu(compiled=True),
        TorchCuda(compiled=False),
        TorchCuda(compiled=True),
        TorchCuda(compiled=False, batch=64),
        TorchCuda(compiled=True, batch=64),
    )
}


def find_backend(name: str) -> Backend:
    """Return a backend by name.

    Raises
    ------
    UnknownNameError
        There is none of that name.
    """
    if name not in BACKENDS:
        raise unknown_name("backend", name, BACKENDS)
    return BACKENDS[name]


__all__ = ["BACKENDS", "find_backend"]
