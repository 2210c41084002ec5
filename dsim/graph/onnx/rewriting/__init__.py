"""Write an ONNX file anew so that it computes the same in another form: forms of functions, and merged branches."""

from dsim.graph.onnx.rewriting.branches import merge_file_branches
from dsim.graph.onnx.rewriting.forms import OPSETS, can_write, raised, write_form
from dsim.graph.onnx.rewriting.source import Source, read_source, understand

__all__ = [
    "OPSETS",
    "Source",
    "can_write",
    "merge_file_branches",
    "raised",
    "read_source",
    "understand",
    "write_form",
]
