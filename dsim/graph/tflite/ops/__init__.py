"""How each of TFLite's operators is written in ONNX's."""

from dsim.graph.tflite.ops.table import translate

__all__ = ["translate"]
