"""Match the operators that a runtime timed to a graph's kernels."""

from __future__ import annotations

from dsim.device.add.found import LICENCE, FoundKernels
from dsim.device.profile import MeasuredOp
from dsim.graph.graph import Graph
from dsim.op import Op, OpKind

# kinds that keep their order through every converter; the rest is fused, moved or split
_TFLITE = {
    "CONV_2D": "conv", "DEPTHWISE_CONV_2D": "depthwise", "FULLY_CONNECTED": "linear", "BATCH_MATMUL": "matmul",
}  # fmt: skip


def match_kernels(found: FoundKernels, run: Graph, key: str) -> tuple[MeasuredOp, ...]:
    """Return the timed kernels that stand in the graph in the same order, or nothing where the two disagree.

    Parameters
    ----------
    found
        What the runtime timed.
    run
        The graph after the device's passes.
    key
        Key of the network.
    """
    timed = [(kind, ms) for name, ms in found.kernels if (kind := _TFLITE.get(name.upper()))]
    own = [(n, op) for n, op in enumerate(run.ops) if _kind(op)]
    if not timed or [kind for kind, _ in timed] != [_kind(op) for _, op in own]:
        return ()
    return tuple(
        MeasuredOp(op, ms, 1, key, n, "in situ", found.source, LICENCE)
        for (n, op), (_, ms) in zip(own, timed, strict=True)
    )


def _kind(op: Op) -> str:
    if op.kind is OpKind.CONV2D:
        return "depthwise" if op.is_depthwise else "conv"
    return {OpKind.LINEAR: "linear", OpKind.MATMUL: "matmul"}.get(op.kind, "")
