"""From ONNX operators to the ops of the IR: rules by theme, and the one dict that names them all.

A rule gets the trace, the node's attributes, and its inputs (Ref for an activation, Known for a constant, None for one
left out). It gives a Ref, a list of Refs, or None where the case is one that it does not know.
"""

from dsim.graph.onnx.rules.counts import counted
from dsim.graph.onnx.rules.table import RULES

__all__ = ["RULES", "counted"]
