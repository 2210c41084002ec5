"""The runtimes that networks can be timed on."""

from importlib.util import find_spec

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


def not_installed(backend: Backend) -> tuple[str, ...]:
    """Return the packages that a backend needs and that are not installed here; none of them is imported."""
    return tuple(package for package in backend.packages if find_spec(package) is None)


__all__ = ["BACKENDS", "find_backend", "not_installed"]
