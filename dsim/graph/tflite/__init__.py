"""Read LiteRT files (.tflite): their tables, then each operator in ONNX's words, then the road of ONNX files."""

from dsim.graph.tflite.reader import read_tflite

__all__ = ["read_tflite"]
