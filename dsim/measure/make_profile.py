"""Make a device profile of what a journal holds for one backend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dsim.device.add.write import Addition
from dsim.device.profile import CHECK, LEARN, SEARCHED, MeasuredOp
from dsim.errors import UnavailableError
from dsim.graph import Graph
from dsim.latency.networks import stored
from dsim.latency.operators.evidence import run_graph
from dsim.measure.attribute import Attribution, attribute
from dsim.measure.contrast_evidence import contrast_graphs, contrast_rows
from dsim.measure.contrast_figures import BlockContrast
from dsim.measure.journal import Entry, Head
from dsim.measure.observe import Observation
from dsim.measure.records import Stack

PASSES = ("drop_identities", "fold_batch_norm")  # what a runtime fuses beyond is learned from its operators
PROTOCOL = "dsim-measure"
LICENCE = "measured with dsim; CC0-1.0"
MOST_BUSY = 1 / 3  # of the networks: beyond it the machine was not fit to measure on
LEAST_NETWORKS = 3
LEAST_PAIRED = (
    0.5  # share of a network's time that was paired with ops of its graph, for these to be learned from
)


@dataclass(frozen=True)
class Measured:
    """A profile to write, and what the measuring found.

    Attributes
    ----------
    addition
        The profile.
    networks, checks, searched, busy, failed
        How many networks are learned from, held out for good, chosen by a search, left out because the machine was busy,
        and could not be run.
    sum_over_whole
        5th, 50th and 95th percentile over networks: the ops' milliseconds over the network's. Empty without ops.
    inserted
        Share of the ops' time by the runtime's own name for what was paired with no op of the graph.
    """

    addition: Addition
    networks: int
    checks: int
    searched: int
    busy: int
    failed: int
    sum_over_whole: tuple[float, ...]
    inserted: Mapping[str, float]


def make_profile(
    name: str,
    title: str,
    head: Head,
    backend: str,
    entries: Iterable[Entry],
    allow_busy: bool = False,
    contrasts: Sequence[BlockContrast] = (),
) -> Measured:
    """Make a profile.

    Parameters
    ----------
    allow_busy
        Whether to keep figures that were taken while something else ran.
    contrasts
        What choices cost in blocks of their own.

    Raises
    ------
    UnavailableError
        The machine was busy for more than MOST_BUSY of the networks, or hardly a network ran.
    """
    every = tuple(entries)
    seen = [(entry, entry.observed.seen[backend]) for entry in every if backend in entry.observed.seen]
    busy = [entry for entry, one in seen if one.busy]
    if len(busy) > MOST_BUSY * len(seen) and not allow_busy:
        raise UnavailableError(
            f"at most a third of the networks may be timed while something else runs, here it was {len(busy)} of {len(seen)}; "
            "stop what else runs and measure again (--fresh), or give --allow-busy"
        )
    kept = [(entry, one) for entry, one in seen if allow_busy or not one.busy]
    if len(kept) < LEAST_NETWORKS:
        raise UnavailableError(
            f"a profile needs {LEAST_NETWORKS} networks, {backend} ran {len(kept)}; give it more --time"
        )
    graphs = {entry.planned.key: entry.planned.graph for entry, _ in kept}
    ops, ratios, inserted = _ops(head, backend, kept, graphs)
    bundled = stored(graphs)
    sides = [graph.inputs[0].shape[-1] for graph in graphs.values()]
    roles = Counter(entry.planned.role_on(backend) for entry, _ in kept)
    ratio = tuple(round(float(v), 3) for v in np.quantile(ratios, (0.05, 0.5, 0.95))) if ratios else ()
    total = sum(op.latency_ms for op in ops)
    share = {label: ms / total for label, ms in inserted.most_common()} if total else {}
    failed = sum(backend in entry.observed.failed for entry in every)
    measured = {
        "networks": roles[LEARN],
        "checks": roles[CHECK],
        "searched": roles[SEARCHED],
        "left_out_busy": 0 if allow_busy else len(busy),
        "failed": failed,
        "median_load": round(float(np.median([entry.load for entry, _ in kept])), 2),
        "pinned_core": head.pinned,
        "sum_of_ops_over_network": list(ratio),
        "inserted_share": {label: round(value, 4) for label, value in share.items()},
    }
    return Measured(
        Addition(
            name=name,
            title=title,
            like=None,
            method="operators" if ops else "few-shot",
            donor="",
            networks=tuple(_network_row(entry, one, backend, graphs) for entry, one in kept),
            ops=ops,
            graphs={key: graph for key, graph in graphs.items() if key not in bundled}
            | contrast_graphs(contrasts),
            low_px=min(sides),
            high_px=max(sides),
            about=_about(name, title, head, head.stacks[backend]),
            measured=measured,
            contrasts=contrast_rows(contrasts, title, PROTOCOL),
        ),
        roles[LEARN],
        roles[CHECK],
        roles[SEARCHED],
        len(busy),
        failed,
        ratio,
        share,
    )


def _ops(
    head: Head, backend: str, kept: list[tuple[Entry, Observation]], graphs: Mapping[str, Graph]
) -> tuple[tuple[MeasuredOp, ...], list[float], Counter[str]]:
    """Give the ops to learn from as they were timed, how much of each network's time they make up, and what was inserted.

    Learning scales them to their network's own figure, and leaves out those of a network that was timed in a loud moment:
    it can tell that only from times that nobody has scaled before.
    """
    ratios: list[float] = []
    inserted: Counter[str] = Counter()
    learned: list[tuple[str, Graph, Attribution]] = []
    for entry, one in kept:
        if not one.ops:
            continue
        key = entry.planned.key
        run = run_graph(graphs[key], PASSES)
        found = attribute(run, one.ops)
        ratios.append(found.total_ms / one.latency_ms)
        inserted.update(found.inserted_ms)
        unpaired = sum(found.inserted_ms.values())
        if entry.planned.role == LEARN and unpaired <= (1.0 - LEAST_PAIRED) * found.total_ms:
            learned.append((key, run, found))  # else a graph that the runtime took to pieces
    source = f"dsim measure, {head.stacks[backend].runtime} on {head.machine.processor}"
    out = [
        MeasuredOp(run.nodes[at].op, ms, 1, key, at, "in situ", source, LICENCE)
        for key, run, found in learned
        for at, ms in sorted(found.latency_ms.items())
        if ms > 0
    ]
    return tuple(out), ratios, inserted


def _network_row(entry: Entry, one: Observation, backend: str, graphs: Mapping[str, Graph]) -> dict[str, str]:
    graph = graphs[entry.planned.key]
    return {
        "network": entry.planned.key.partition("@")[0],
        "graph": entry.planned.key,
        "latency_ms": f"{one.latency_ms:.5g}",
        "error_ms": f"{one.error_ms:.2g}",
        "role": entry.planned.role_on(backend),
        "budget_ms": "" if (budget := entry.planned.budget_on(backend)) is None else f"{budget:.5g}",
        "params_m": f"{graph.params / 1e6:.4g}",
        "macs_g": f"{graph.macs / 1e9:.4g}",
        "source": "dsim measure",
    }


def _about(name: str, title: str, head: Head, stack: Stack) -> dict[str, Any]:
    stated = "lower decile of the runs after warm-up (the latency while neighbours are quiet), networks and runtimes in turns"
    chip = stack.chip or head.machine.processor
    threads = f"{head.threads}, pinned to a core" if head.pinned >= 0 else f"{head.threads}, not pinned"
    return {
        "soc": chip,
        "chip": chip,
        "compute_unit": stack.unit,
        "runtime": stack.runtime,
        "precision": stack.precision,
        "layout": stack.layout,
        "batch": str(stack.batch),
        "threads": threads if stack.unit == "CPU" else "one host thread",
        "measures": "latency" if stack.batch == 1 else "throughput",
        "group": "measured",
        "pool": name,
        "licence": LICENCE,
        "passes": list(PASSES),
        "reference": {"protocol": PROTOCOL, "model": title, "stated": stated},
        "models": {title: chip},
        "protocols": {PROTOCOL: f"{stated}; {head.machine.system}, {' '.join(head.machine.flags)}"},
        "defaults": {"lab": "dsim", "licence": LICENCE},
    }
