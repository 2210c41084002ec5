"""Find the operators of a LiteRT file behind XNNPACK's events, which tell a name and a time but no shape.

XNNPACK runs the file's operators in their order. It drops some (a pad goes into its convolution), adds some (a mean
without its axes becomes a mean and a reshape) and has names of its own (a 1x1 convolution is a fully connected layer).
Both lists are aligned like texts: the longest common subsequence of names.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from dsim.measure.records import RuntimeOp

# LiteRT's operator: the starts of XNNPACK's names for it, and what it computes
MEANINGS: dict[str, tuple[tuple[str, ...], str]] = {
    "CONV_2D": (("Convolution", "Fully Connected"), "conv"),
    "DEPTHWISE_CONV_2D": (("Convolution",), "conv"),
    "FULLY_CONNECTED": (("Fully Connected",), "linear"),
    "BATCH_MATMUL": (("Batch Matrix Multiply",), "matmul"),
    "SOFTMAX": (("Softmax",), "softmax"),
    "AVERAGE_POOL_2D": (("Average Pooling",), "avg_pool"),
    "MAX_POOL_2D": (("Max Pooling",), "max_pool"),
    "MEAN": (("Mean", "Global Average"), "mean"),
    "SUM": (("Sum",), "sum"),
    "GELU": (("GELU",), "gelu"),
    "HARD_SWISH": (("HardSwish",), "hardswish"),
    "LOGISTIC": (("Sigmoid",), "sigmoid"),
    "TANH": (("Tanh",), "tanh"),
    "RELU": (("Clamp", "ReLU"), "relu"),
    "RELU6": (("Clamp",), "relu6"),
    "ADD": (("Add",), "add"),
    "SUB": (("Subtract",), "sub"),
    "MUL": (("Multiply",), "mul"),
    "DIV": (("Divide",), "div"),
    "SQUARED_DIFFERENCE": (("Squared Difference",), ""),
    "RSQRT": (("Reciprocal Square Root",), ""),
    "CONCATENATION": (("Concatenate",), "concat"),
    "SPLIT": (("Even Split", "Split"), "split"),
    "SLICE": (("Slice",), "slice"),
    "STRIDED_SLICE": (("Slice", "Strided Slice"), "slice"),
    "RESHAPE": (("Static Reshape", "Copy", "Reshape"), "reshape"),
    "TRANSPOSE": (("Transpose",), "transpose"),
    "PAD": (("Constant Pad", "Static Constant Pad"), "pad"),
    "RESIZE_BILINEAR": (("Resize Bilinear", "Static Resize Bilinear"), "upsample"),
}
_NORM = 14  # operators that a norm is split into, at most


@dataclass(frozen=True, slots=True)
class TfliteOp:
    """An operator of a file: its name, and the shapes that it reads (weights included) and writes."""

    name: str
    inputs: tuple[tuple[int, ...], ...]
    outputs: tuple[tuple[int, ...], ...]


def align(
    tags: Sequence[str], latency_ms: Sequence[float], graph: Sequence[TfliteOp]
) -> tuple[RuntimeOp, ...]:
    """Return what each event computes; one that stands for no operator of the file has no kind."""
    partner = _common(tags, graph)
    ops = [
        _op(tag, graph[at] if at is not None else None, ms)
        for tag, at, ms in zip(tags, partner, latency_ms, strict=True)
    ]
    return tuple(_norms(ops))


def _common(tags: Sequence[str], graph: Sequence[TfliteOp]) -> list[int | None]:
    """Align two lists: the longest common subsequence, by dynamic programming from the end."""
    rows, columns = len(tags), len(graph)
    longest = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            longest[i][j] = (
                longest[i + 1][j + 1] + 1
                if _same(tags[i], graph[j].name)
                else max(longest[i + 1][j], longest[i][j + 1])
            )
    out: list[int | None] = []
    j = 0
    for i in range(rows):
        while j < columns and not _same(tags[i], graph[j].name) and longest[i][j + 1] == longest[i][j]:
            j += 1
        if j < columns and _same(tags[i], graph[j].name):
            out.append(j)
            j += 1
        else:
            out.append(None)
    return out


def _same(tag: str, name: str) -> bool:
    """Compare an event's name with an operator's; what LiteRT runs by itself goes by the operator's own name."""
    starts, _ = MEANINGS.get(name, ((), ""))
    return tag == name or tag.startswith(starts)


def _op(tag: str, op: TfliteOp | None, latency_ms: float) -> RuntimeOp:
    label = tag.partition(" (")[0]
    if op is None or not op.outputs:
        return RuntimeOp(label, "", 0, 0, latency_ms)
    kind = MEANINGS.get(op.name, ((), ""))[1]
    elements, macs = math.prod(op.outputs[0]), 0
    if kind == "conv":  # weights are (out, height, width, in), of a depthwise one (1, height, width, out)
        weights = op.inputs[1]
        macs = elements * math.prod(weights[1:3] if op.name.startswith("DEPTHWISE") else weights[1:])
    elif kind in ("linear", "matmul"):
        macs = elements * op.inputs[0][-1]
    return RuntimeOp(label, kind, macs, elements, latency_ms)


def _norms(ops: Sequence[RuntimeOp]) -> list[RuntimeOp]:
    """Put together what a layer or group norm was split into: from its mean to its shift."""
    out: list[RuntimeOp] = []
    at = 0
    while at < len(ops):
        size = _norm_size(ops[at : at + _NORM]) if ops[at].kind == "mean" else 0
        part = ops[at : at + size]
        if part:
            out.append(
                RuntimeOp("norm in parts", "norm", 0, part[-1].elements, sum(one.latency_ms for one in part))
            )
        else:
            out.append(ops[at])
        at += max(1, size)
    return out


def _norm_size(ops: Sequence[RuntimeOp]) -> int:
    """Count the operators of a norm that starts at a mean; 0 where none does.

    A layer norm has ``Squared Difference``; a group norm ``Subtract`` and ``Mean Squared``. Both end with the first sum
    over all elements after ``Reciprocal Square Root``.
    """
    labels = [one.label for one in ops]
    root = "Reciprocal Square Root"
    spread = next(
        (n for n in range(min(4, len(ops))) if labels[n] in ("Squared Difference", "Subtract")), None
    )
    if spread is None or root not in labels:
        return 0
    after = labels.index(root)
    whole = ops[spread].elements
    return next((n + 1 for n in range(after, len(ops)) if labels[n] == "Add" and ops[n].elements == whole), 0)
