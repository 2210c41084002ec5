"""What is believed of rates before any measurement: which share a pace, how they compare, and how sure that is.

Every column belongs to a group that has one learned pace; a column's own rate may stray from its group's. The multiples
below are physics and habit, not measurements: an activation reads and writes once, whatever its name; a view is nearly
free where nothing is copied; a normalisation reads twice and in wide floats. No figure of a validated network went in.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.methods.fine.costs import COLUMNS, PRICED

GROUPS = ("starts", "dense", "weights", "bytes", "depthwise", "matmul")


class Regime(StrEnum):
    """What kind of stack runs the network; it decides which multiples are believed."""

    CPU = "cpu"  # one image at a time
    EAGER = "eager"  # a GPU at a large batch, one kernel for every op
    COMPILED = "compiled"  # the same, chains of element-wise ops fused


def groups() -> NDArray[np.int64]:
    """Return the group (P + 1,) of every priced column and of the fixed time."""
    return np.array([GROUPS.index(_group(name)) for name in (*PRICED, "fixed")])


def centres(regime: Regime) -> tuple[FloatArray, FloatArray]:
    """Return log multiples (P + 1,) of the group's pace, and their spreads (P + 1,)."""
    found = np.array([_believed(name, regime) for name in (*PRICED, "fixed")])
    return np.log(found[:, 0]), found[:, 1]


def _group(name: str) -> str:
    if name.startswith("start_") or name in ("fixed", "fused_activations"):
        return "starts"
    if name.startswith("macs_depthwise"):
        return "depthwise"
    if name in ("macs_matmul", "grouped_padding") or name.startswith("macs_grouped"):
        return "matmul"
    if name.startswith("weights_"):
        return "weights"
    dense = ("macs_", "low_", "high_", "narrow_", "conv_padding", "linear_padding", "unit_stride3")
    return "dense" if name.startswith(dense) else "bytes"


def _believed(name: str, regime: Regime) -> tuple[float, float]:
    """Return (multiple of the group's pace, spread of its logarithm)."""
    gpu, eager = regime is not Regime.CPU, regime is Regime.EAGER
    kind, _, rest = name.partition("_")
    if name == "fixed":
        return 1.0, 1.5
    if name == "start_group":
        return 0.1, 1.0
    if kind == "start" or name == "fused_activations":
        # at hundreds of images a batch, starting a kernel costs one image next to nothing
        return (0.03, 0.5) if gpu else (1.0, 1.0)
    if kind == "bytes":
        return _believed_bytes(rest, regime)
    if kind == "act":
        return (1.0, 0.4) if regime is Regime.COMPILED else (0.5, 0.7)
    if kind == "spill":
        return (0.02, 1.0) if gpu else (0.2, 1.0)
    return {
        "weights": (1.0, 0.7),
        "intense": (0.15, 1.0),
        "strided": (0.2, 1.0),
        "low": (0.1, 1.2),
        "unit": (0.1, 1.2),
        "high": (0.3, 1.0),
        "conv": (0.3, 1.0),
        "linear": (0.3, 1.0),
        "narrow": (0.3, 1.0),
        "grouped": (0.3, 1.0),
    }.get(kind) or _believed_macs(rest, eager)


def _believed_macs(rest: str, eager: bool) -> tuple[float, float]:
    if rest.startswith("grouped"):
        return 0.3, 1.0
    if rest.startswith("depthwise") or rest == "matmul":
        return 1.0, 0.6
    return 1.0, 0.5


def _believed_bytes(rest: str, regime: Regime) -> tuple[float, float]:
    gpu, eager = regime is not Regime.CPU, regime is Regime.EAGER
    if rest.startswith("elementwise_"):
        kind = rest.partition("_")[2]
        if kind == "binary":
            return (1.3, 0.3) if eager else (1.0, 0.4)
        if kind == "per_channel":
            return (1.6, 0.4) if eager else (0.6, 0.6)
        if kind == "broadcast":
            return (1.3, 0.5) if eager else (0.8, 0.6)
        return (1.0, 0.15) if gpu else (1.0, 0.5)
    if rest.startswith("depthwise") or rest == "grouped":
        return 1.3, 0.5
    if rest in ("cut", "reshape", "transpose"):
        return (0.1, 1.0) if eager else (0.2, 1.0)
    return {
        "batch_norm": (1.0, 0.2),
        "layer_norm": (2.0, 0.4),
        "group_norm": (2.5, 0.5),
        "softmax": (2.5, 0.5) if eager else (1.5, 0.6),
        "vector": (1.0, 1.0),
    }.get(rest, (1.0, 0.6))


PRICED_AT = np.array([COLUMNS.index(name) for name in PRICED])
