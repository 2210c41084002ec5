"""Probes of a bundle become contrasts: two blocks that differ in norm or activation alone, timed in one sitting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from math import hypot

from dsim.device.add.mac_lines import TimedProbe
from dsim.device.add.slopes import LEAST_LENGTHS, Slope, slope_of
from dsim.graph.graph import Graph
from dsim.normal import HALF_90

Row = dict[str, str]


def probe_contrasts(
    probes: Sequence[TimedProbe], protocol: str, source: str, neural: bool
) -> tuple[tuple[Row, ...], dict[str, Graph], tuple[str, ...]]:
    """Return rows of contrasts.csv but for the model, the blocks' graphs by key, and what is left out with the reason.

    Parameters
    ----------
    protocol
        As profile.toml declares it.
    neural
        Whether a block counts only where Core ML's plan puts all of it on the Neural Engine.
    """
    rows: dict[str, list[TimedProbe]] = defaultdict(list)
    for one in probes:
        rows[one.block].append(one)
    whole: dict[str, Slope] = {}
    notes = []
    for block, own in rows.items():
        elsewhere = sorted({unit for one in own for unit in one.timed.elsewhere})
        if neural and any(one.timed.plan is None for one in own):
            notes.append(f"probe {block} not used: Core ML gave no plan, so that nothing says where it ran")
        elif neural and elsewhere:
            notes.append(
                f"probe {block} left the Neural Engine for {', '.join(elsewhere)}: evidence that a network with "
                f"{own[0].norm} norm and {own[0].activation} may fall there, and no contrast"
            )
        elif len({one.copies for one in own}) < LEAST_LENGTHS:
            notes.append(f"probe {block} not used: it was timed at one number of copies alone")
        else:
            ms, errors = [one.timed.ms for one in own], [one.timed.error_ms for one in own]
            whole[block] = slope_of([one.copies for one in own], ms, errors)
            if whole[block].ms <= 0:
                del whole[block]
                notes.append(f"probe {block} not used: more copies did not take longer")
    found = []
    for a, b in combinations(whole, 2):
        choice = _choice(rows[a][0], rows[b][0])
        if choice:
            found.append(_row(choice, rows[a][0], (a, whole[a]), (b, whole[b])) | {
                "protocol": protocol, "lab": "user", "source": source,
            })  # fmt: skip
    named = {row[side] for row in found for side in ("graph_a", "graph_b")}
    return tuple(found), {block: rows[block][0].graph for block in named}, tuple(notes)


def _choice(a: TimedProbe, b: TimedProbe) -> str:
    """Return what two blocks differ in (``norm:batch>layer``), empty where that is not one thing."""
    if a.shape != b.shape:
        return ""
    if a.norm == b.norm and a.activation != b.activation:
        return f"activation:{a.activation}>{b.activation}"
    if a.activation == b.activation and a.norm != b.norm:
        return f"norm:{a.norm}>{b.norm}"
    return ""


def _row(choice: str, one: TimedProbe, a: tuple[str, Slope], b: tuple[str, Slope]) -> Row:
    (key_a, slope_a), (key_b, slope_b) = a, b
    change, off = slope_b.ms - slope_a.ms, HALF_90 * hypot(slope_a.error_ms, slope_b.error_ms)
    return {
        "choice": choice,
        "what": f"pooling block {one.shape}; slope over copies",
        "graph_a": key_a,
        "graph_b": key_b,
        "a_ms": f"{slope_a.ms:.5g}",
        "b_ms": f"{slope_b.ms:.5g}",
        "error_ms": f"{off:.2g}",
        "table": "probes of a bundle",
        "low_ms": f"{change - off:.4g}",
        "high_ms": f"{change + off:.4g}",
    }
