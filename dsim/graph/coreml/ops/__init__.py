"""How each of MIL's operations is written in ONNX's operators."""

from dsim.graph.coreml.ops.table import translate

__all__ = ["translate"]
