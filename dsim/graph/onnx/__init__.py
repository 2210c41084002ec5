"""Read ONNX files: load, simplify, recognise what exporters wrote out, and write it all in the ops of the IR."""

from dsim.graph.onnx.reader import read_onnx

__all__ = ["read_onnx"]
