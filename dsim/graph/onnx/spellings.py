"""One visible dict from operator to its spelling in standard operators; names of other domains carry them in front."""

from __future__ import annotations

from dsim.graph.onnx.blocked import NCHWC
from dsim.graph.onnx.fused import FUSED
from dsim.graph.onnx.quantised import QUANTISED
from dsim.graph.onnx.steps import Spelling

SPELLINGS: dict[str, Spelling] = {**QUANTISED, **FUSED, **NCHWC}
