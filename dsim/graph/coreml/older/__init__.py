"""Core ML's older kind of network (.mlmodel before ML programs): its layers in ONNX's words.

Source: https://apple.github.io/coremltools/mlmodel/Format/NeuralNetwork.html
"""

from dsim.graph.coreml.older.network import input_shapes, older_graph

__all__ = ["input_shapes", "older_graph"]
