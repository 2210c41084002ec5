"""Export: a design as PyTorch code that people can read, train and keep."""

from dsim.export.torch_export import build_module, write_torch

__all__ = ["build_module", "write_torch"]
