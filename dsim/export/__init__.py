"""Export: a design as PyTorch code that people can read, train and keep."""

from dsim.callable_module import make_callable
from dsim.export.targets import TARGETS, export
from dsim.export.torch_export import build_module, write_torch

__all__ = ["TARGETS", "build_module", "export", "write_torch"]

make_callable(__name__, "export")
