"""Read Core ML files (.mlpackage, .mlmodel): their program, each operation in ONNX's words, then the road of ONNX files."""

from dsim.graph.coreml.reader import read_coreml

__all__ = ["read_coreml"]
