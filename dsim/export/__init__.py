"""Export: a design as PyTorch code that people can read, train and keep, or as a file that a runtime reads."""

from dsim.callable_module import make_callable
from dsim.export.findings import Difference, Exported
from dsim.export.targets import TARGETS, export
from dsim.export.torch_export import build_module, write_torch

__all__ = ["TARGETS", "Difference", "Exported", "build_module", "export", "write_torch"]

make_callable(__name__, "export")
