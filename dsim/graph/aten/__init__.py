"""From ATen operators to the ops of the IR: rules by theme, and the one dict that names them all.

A rule gets the trace and the operator's arguments (Ref for an activation, Constant for weights, plain numbers) and
gives a Ref, a list of Refs, or None where the arguments are a case it does not know: the op is then unknown by name.
"""

from dsim.graph.aten.counts import counted
from dsim.graph.aten.rules import RULES, SILENT

__all__ = ["RULES", "SILENT", "counted"]
