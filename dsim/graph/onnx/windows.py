"""Where windows stand that other formats place by "same" padding."""

from __future__ import annotations


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Return padding before and after a side that gives ceil(size / stride) places; even wherever there is such a one.

    Runtimes pad unevenly inside the operator where they must. The IR pads evenly, by as much as gives the same map and the
    same work: a pad of its own would be an operator that does not run.
    """
    wanted, span = -(-size // stride), dilation * (kernel - 1) + 1
    total = max((wanted - 1) * stride + span - size, 0)
    half = -(-total // 2)
    if (size + 2 * half - span) // stride + 1 == wanted:
        return half, half
    return total // 2, total - total // 2
