"""Contrasts of blocks as evidence: rows of a profile's contrasts.csv, and the graph of one block for each side."""

from __future__ import annotations

from collections.abc import Iterable

from dsim.device.load import CONTRAST_COLUMNS
from dsim.device.profile import Contrast
from dsim.graph import Graph
from dsim.measure.contrast import COPIES, MLP_RATIO, block_graph, block_key
from dsim.measure.contrast_figures import BlockContrast

SOURCE = "dsim measure"


def contrast_rows(
    contrasts: Iterable[BlockContrast], model: str, protocol: str
) -> tuple[dict[str, str], ...]:
    """Return rows of contrasts.csv: both sides are milliseconds of one block.

    Parameters
    ----------
    model, protocol
        As profile.toml declares them.
    """
    numbers = " and ".join(map(str, COPIES))
    return tuple(
        {
            "choice": one.pair.choice,
            "what": f"pooling block {one.shape}, MLP ratio {MLP_RATIO}; slope over {numbers} copies",
            "graph_a": block_key(one.pair.a, one.shape),
            "graph_b": block_key(one.pair.b, one.shape),
            "a_ms": f"{one.a_ms:.5g}",
            "b_ms": f"{one.b_ms:.5g}",
            "error_ms": f"{(one.high_ms - one.low_ms) / 2:.2g}",
            "model": model,
            "protocol": protocol,
            "lab": "dsim",
            "source": SOURCE,
            "table": f"networks loaded {one.visits} times, {one.runs} runs or more",
            "low_ms": f"{one.low_ms:.4g}",
            "high_ms": f"{one.high_ms:.4g}",
        }
        for one in contrasts
    )


def contrast_graphs(contrasts: Iterable[BlockContrast]) -> dict[str, Graph]:
    """Return the graphs of the blocks by key."""
    return {
        block_key(variant, one.shape): block_graph(variant, one.shape)
        for one in contrasts
        for variant in (one.pair.a, one.pair.b)
    }


def plain_row(contrast: Contrast) -> dict[str, str]:
    """Return a contrast that was read as the row that it was."""
    return {
        column: "" if (value := getattr(contrast, column)) is None else str(value)
        for column in CONTRAST_COLUMNS
    }
