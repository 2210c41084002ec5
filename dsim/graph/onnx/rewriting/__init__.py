"""Write an ONNX file anew so that it computes the same: forms of functions, merged branches, folded constants, more rows."""

from dsim.graph.onnx.rewriting.branches import merge_file_branches
from dsim.graph.onnx.rewriting.folded import fold_constants, foldable
from dsim.graph.onnx.rewriting.forms import OPSETS, can_write, raised, write_form
from dsim.graph.onnx.rewriting.row_plan import row_plan
from dsim.graph.onnx.rewriting.rows import add_rows
from dsim.graph.onnx.rewriting.source import Source, read_source, understand

__all__ = [
    "OPSETS",
    "Source",
    "add_rows",
    "can_write",
    "fold_constants",
    "foldable",
    "merge_file_branches",
    "raised",
    "read_source",
    "row_plan",
    "understand",
    "write_form",
]
