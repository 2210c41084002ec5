"""Compare the graph of a written file, read back by dsim's own reader, with the design's graph."""

from __future__ import annotations

from collections import Counter

from dsim.errors import ExportError
from dsim.graph import Graph
from dsim.graph.passes import run_passes

PASSES = ("drop_identities", "fold_batch_norm", "fuse_activation")  # what every runtime does at load time


def compare_kernels(found: Graph, wanted: Graph) -> str:
    """Say how a file's kernels compare with the design's, both after the passes.

    Parameters
    ----------
    found
        The graph of the file.
    wanted
        The graph of the design.

    Returns
    -------
    str
        One line: MACs, the count of kernels, and by kind what the file has more or less of.

    Raises
    ------
    ExportError
        They differ in multiply-accumulates.
    """
    if found.macs != wanted.macs:
        raise ExportError(
            f"the file must have the design's {wanted.macs:,} multiply-accumulates, got {found.macs:,}; nothing was "
            "kept; give the design's own module if you gave another, else report this design"
        )
    after, before = (kernels(run_passes(graph, PASSES)) for graph in (found, wanted))
    line = f"read back by dsim: {found.macs:,} multiply-accumulates"
    if after == before:
        return f"{line} and {after.total()} kernels after passes, the design's own"
    more, less = after - before, before - after
    listed = [
        f"{sign}{count} {label}"
        for sign, part in (("+", more), ("-", less))
        for label, count in _by_label(part)
    ]
    return f"{line}, the design's own; of its {before.total()} kernels after passes these differ: {', '.join(listed)}"


def kernels(graph: Graph) -> Counter[tuple[object, ...]]:
    """Count what runs on a device: ops with attributes, shapes and fused activations."""
    return Counter((op.label, op.attrs, op.inputs, op.outputs, op.activation) for op in graph.ops)


def _by_label(part: Counter[tuple[object, ...]]) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    for (label, *_), count in part.items():
        counts[str(label)] += count
    return sorted(counts.items())
