"""What a file says of itself beside its graph: its format, and the kinds of numbers that it computes with."""

from __future__ import annotations

from dataclasses import dataclass

FLOAT_KINDS: frozenset[str] = frozenset({"float32", "float16", "bfloat16", "float64"})


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a network's file says of itself.

    Attributes
    ----------
    format
        In words, such as "LiteRT (.tflite)".
    weights, activations
        Kinds of numbers, such as "float32", "float16" or "int8".
    per_channel
        Weights have a scale for each channel.
    operator_set
        Of an ONNX file, the version of ONNX's own operators; 0 for other formats.
    """

    format: str
    weights: str
    activations: str
    per_channel: bool = False
    operator_set: int = 0

    @property
    def quantised(self) -> bool:
        """Whether activations are whole numbers."""
        return self.activations not in FLOAT_KINDS

    @property
    def precision(self) -> str:
        """The kinds of numbers in words."""
        channel = ", a scale for each channel" if self.per_channel else ""
        if self.weights == self.activations:
            return f"{self.weights}{channel}"
        return f"{self.weights} weights{channel}, {self.activations} activations"

    def __str__(self) -> str:
        return f"read from {self.format}: {self.precision}"
