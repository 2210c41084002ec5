"""Why the shape of what a node writes is not to be known, in one line with the remedy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from dsim.graph.tracing import Shape
from dsim.records import shown

if TYPE_CHECKING:
    from onnx import NodeProto

# Where what is written depends on the values that are read.
BY_DATA: frozenset[str] = frozenset({"NonMaxSuppression", "NonZero", "Unique", "Compress", "Loop", "Scan"})
VIEWS: frozenset[str] = frozenset({"Reshape", "Squeeze", "Flatten", "Unsqueeze"})
_BATCH = "the file may be made for another batch or size: give the one that it states, or export it again"


def name_of(node: NodeProto) -> str:
    """Return an operator's name, with its domain unless that is ONNX's own."""
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}::{node.op_type}"


def no_shape(node: NodeProto, reads: Sequence[Shape]) -> str:
    """Say why the shape of what a node writes cannot be worked out."""
    what = f"{name_of(node)} {shown(node.name)}" if node.name else name_of(node)
    if node.op_type in BY_DATA:
        return f"what {what} writes depends on the data, so that its shape cannot be known; cut the network before it"
    if node.domain not in ("", "ai.onnx"):
        return (
            f"the output shape of {what} must be known, got none: no rule knows this operator and the file does not state "
            "it; add the shape to the file's value_info, or cut the network before it"
        )
    return (
        f"the output shape of {what} must be known, got none that fits inputs of {_listed(reads)}; {_BATCH}"
    )


def misfit(node: NodeProto, reads: Sequence[Shape], writes: Shape) -> str | None:
    """Say why a node cannot run on what it reads, where inference does not look; None where it can."""
    what = f"{name_of(node)} {shown(node.name)}" if node.name else name_of(node)
    if node.op_type in VIEWS and reads and math.prod(reads[0]) != math.prod(writes):
        return (
            f"{what} must keep the {math.prod(reads[0])} elements of {_listed(reads[:1])}, got a shape of "
            f"{_listed([writes])}; {_BATCH}"
        )
    if node.op_type in ("Conv", "ConvTranspose") and len(reads) > 1 and min(map(len, reads[:2])) > 2:
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        wanted = reads[1][0] if node.op_type == "ConvTranspose" else reads[1][1] * groups
        if reads[0][1] != wanted:
            return f"{what} must read {wanted} channels, got {reads[0][1]} in {_listed(reads[:1])}; give another --input"
    return None


def _listed(shapes: Sequence[Shape]) -> str:
    return " and ".join("x".join(map(str, shape)) or "one number" for shape in shapes[:3])
