"""Make a device profile of what a journal holds for one backend."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dsim.device.add.write import Addition
from dsim.device.drift import KEY as DRIFT
from dsim.device.drift import KeptDrift
from dsim.device.fields import read_toml
from dsim.device.profile import CHECK, LEARN, SEARCHED, MeasuredOp
from dsim.errors import InvalidValueError, UnavailableError
from dsim.graph import Graph
from dsim.graph.batch import rebatch
from dsim.graph.key import split_key
from dsim.latency.methods.operators.links import run_graph
from dsim.latency.networks import stored
from dsim.measure.attribute import Attribution, attribute
from dsim.measure.backends import find_backend
from dsim.measure.contrast_evidence import contrast_graphs, contrast_rows
from dsim.measure.contrast_figures import BlockContrast
from dsim.measure.drift import Drift
from dsim.measure.journal import Entry, Head
from dsim.measure.observe import Observation
from dsim.measure.planned import Planned
from dsim.measure.records import Stack
from dsim.measure.sustained import STATED
from dsim.records import to_plain

PROTOCOL = "dsim-measure"
# how the figures beside the latency are taken
BESIDE = f"95th percentile of all runs, sustained latency as the {STATED}, load time from a file that was just written"
LICENCE = "measured with dsim; CC0-1.0"
MOST_BUSY = 1 / 3  # of the networks: beyond it the machine was not fit to measure on
LEAST_NETWORKS = (
    5  # to learn from at a batch: fewer cannot be held out, so that nothing says how good the profile is
)
LEAST_PAIRED = (
    0.5  # share of a network's time that was paired with ops of its graph, for these to be learned from
)


@dataclass(frozen=True)
class MachineDrift:
    """The course of the machine's speed as the profile keeps it, and the drift of each network, by key and batch."""

    course: KeptDrift
    networks: Mapping[tuple[str, int], Drift]

    def of(self, entry: Entry) -> Drift:
        """Return the drift at the time of a network; none for what was timed later than the course goes."""
        return self.networks.get((entry.planned.key, entry.planned.batch), Drift(0.0, 0.0))


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
    batches
        Images in a run: those that the profile holds.
    short
        By batch, how many networks were timed where they are too few for it to be in the profile.
    drift
        The course of the machine's speed, which is divided out of all figures; None where nothing tells it.
    """

    addition: Addition
    networks: int
    checks: int
    searched: int
    busy: int
    failed: int
    sum_over_whole: tuple[float, ...]
    inserted: Mapping[str, float]
    batches: tuple[int, ...]
    short: Mapping[int, int]
    drift: KeptDrift | None = None


def make_profile(
    name: str,
    title: str,
    head: Head,
    backend: str,
    entries: Iterable[Entry],
    allow_busy: bool = False,
    contrasts: Sequence[BlockContrast] = (),
    drift: MachineDrift | None = None,
) -> Measured:
    """Make a profile.

    Parameters
    ----------
    allow_busy
        Whether to keep figures that were taken while something else ran.
    contrasts
        What choices cost in blocks of their own.
    drift
        The machine's, to be divided out; networks that were timed where its readings contradict one another are left out.

    Raises
    ------
    UnavailableError
        The machine was busy for more than MOST_BUSY of the networks, or fewer than LEAST_NETWORKS ran that are to be
        learned from, at every batch.
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
    quiet = len(kept)
    if drift is not None:
        kept = [(entry, without_drift(one, own)) for entry, one in kept if (own := drift.of(entry)).explained]
    course = None if drift is None else replace(drift.course, left_out=quiet - len(kept))
    learned = Counter(entry.planned.batch for entry, _ in kept if entry.planned.role == LEARN)
    timed = sorted({entry.planned.batch for entry, _ in seen})
    batches = tuple(batch for batch in timed if learned[batch] >= LEAST_NETWORKS)
    if not batches:
        raise UnavailableError(
            f"a profile needs at least {LEAST_NETWORKS} networks to learn from, {backend} has "
            f"{max(learned.values(), default=0)}; those that are held out, or were timed while other programs ran, do not "
            "count; the same command with more --time (or --networks) continues, and --allow-busy keeps busy ones"
        )
    kept = [(entry, one) for entry, one in kept if entry.planned.batch in batches]
    images = _images(kept)
    ops, ratios, inserted = _ops(head, backend, kept, images)
    bundled = stored(images)
    sides = [graph.inputs[0].shape[-1] for graph in images.values()]
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
        "batches": list(batches),
        **({} if course is None else {DRIFT: to_plain(course)}),
    }
    return Measured(
        Addition(
            name=name,
            title=title,
            like=None,
            method="operators" if ops else "few-shot",
            donor="",
            networks=tuple(
                _network_row(entry, one, backend, images, head.stacks[backend])
                | ({} if drift is None else {"drift": f"{math.exp(drift.of(entry).log):.5g}"})
                for entry, one in kept
            ),
            ops=ops,
            graphs={key: graph for key, graph in images.items() if key not in bundled}
            | contrast_graphs(contrasts),
            low_px=min(sides),
            high_px=max(sides),
            about=_about(name, title, head, backend, batches),
            measured=measured,
            # blocks are timed with one image: they are evidence of the smallest batch, where that is 1
            contrasts=contrast_rows(contrasts if batches[0] == 1 else (), title, PROTOCOL),
        ),
        roles[LEARN],
        roles[CHECK],
        roles[SEARCHED],
        0 if allow_busy else len(busy),
        failed,
        ratio,
        share,
        batches,
        {batch: learned[batch] for batch in timed if batch not in batches},
        course,
    )


def without_drift(one: Observation, drift: Drift) -> Observation:
    """Return a figure as it would be at the machine's usual speed; the drift's own error adds to the figure's."""
    factor = math.exp(-drift.log)
    error = math.hypot(one.error_ms, 1.96 * drift.error * one.latency_ms)  # both half of a 95% interval
    return replace(
        one,
        latency_ms=one.latency_ms * factor,
        error_ms=error * factor,
        median_ms=one.median_ms * factor,
        p95_ms=_times(one.p95_ms, factor),
        sustained_ms=_times(one.sustained_ms, factor),
        load_ms=_times(one.load_ms, factor),
        ops=tuple(op._replace(latency_ms=round(op.latency_ms * factor, 6)) for op in one.ops),
    )


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _images(kept: Sequence[tuple[Entry, Observation]]) -> dict[str, Graph]:
    """Return the graph of each network for one image, by key; the stored ones are read at once."""
    graphs = stored({entry.planned.key for entry, _ in kept if entry.planned.arch is None})
    for entry, _ in kept:
        if entry.planned.key not in graphs:
            graphs[entry.planned.key] = entry.planned.one_image
    return graphs


def _ops(
    head: Head, backend: str, kept: list[tuple[Entry, Observation]], images: Mapping[str, Graph]
) -> tuple[tuple[MeasuredOp, ...], list[float], Counter[str]]:
    """Return the ops to learn from as they were timed, how much of each network's time they make up, and what was inserted.

    Learning scales them to their network's own figure, and leaves out those of a network that was timed in a loud moment:
    it can tell that only from times that nobody has scaled before.
    """
    passes = find_backend(backend).passes
    ratios: list[float] = []
    inserted: Counter[str] = Counter()
    learned: list[tuple[Planned, Graph, Attribution]] = []
    for entry, one in kept:
        if not one.ops:
            continue
        planned = entry.planned
        run = run_graph(rebatch(images[planned.key], planned.batch), passes)
        found = attribute(run, one.ops)
        ratios.append(found.total_ms / one.latency_ms)
        inserted.update(found.inserted_ms)
        unpaired = sum(found.inserted_ms.values())
        if planned.role == LEARN and unpaired <= (1.0 - LEAST_PAIRED) * found.total_ms:
            learned.append((planned, run, found))  # else a graph that the runtime took to pieces
    source = f"dsim measure, {head.stacks[backend].runtime} on {head.machine.processor}"
    out = [
        MeasuredOp(run.nodes[at].op, ms, 1, planned.key, at, "in situ", source, LICENCE, planned.batch)
        for planned, run, found in learned
        for at, ms in sorted(found.latency_ms.items())
        if ms > 0
    ]
    return tuple(out), ratios, inserted


def _network_row(
    entry: Entry, one: Observation, backend: str, images: Mapping[str, Graph], stack: Stack
) -> dict[str, str]:
    graph = images[entry.planned.key]
    return {
        "network": split_key(entry.planned.key)[0],
        "graph": entry.planned.key,
        "batch": str(entry.planned.batch * stack.batch),
        "latency_ms": f"{one.latency_ms:.5g}",
        "error_ms": f"{one.error_ms:.2g}",
        "role": entry.planned.role_on(backend),
        "budget_ms": "" if (budget := entry.planned.budget_on(backend)) is None else f"{budget:.5g}",
        "params_m": f"{graph.params / 1e6:.4g}",
        "macs_g": f"{graph.macs / 1e9:.4g}",
        "source": "dsim measure",
        **{
            column: f"{value:.5g}"
            for column in ("p95_ms", "sustained_ms", "sustained_s", "load_ms")
            if (value := getattr(one, column)) is not None
        },
    }


def _about(name: str, title: str, head: Head, backend: str, batches: Sequence[int]) -> dict[str, Any]:
    stack = head.stacks[backend]
    stated = "lower decile of the runs after warm-up (the latency while neighbours are quiet), networks and runtimes in turns"
    chip = stack.chip or head.machine.processor
    told = (stated, BESIDE, stack.memory, f"{head.machine.system}, {' '.join(head.machine.flags)}")
    threads = f"{head.threads}, pinned to a core" if head.pinned >= 0 else f"{head.threads}, not pinned"
    return {
        "soc": chip,
        "chip": chip,
        "compute_unit": stack.unit,
        "runtime": stack.runtime,
        "precision": stack.precision,
        "layout": stack.layout,
        "batch": [batch * stack.batch for batch in batches] if len(batches) > 1 else batches[0] * stack.batch,
        "threads": threads if stack.unit == "CPU" else "one host thread",
        "measures": "latency" if stack.batch == 1 else "throughput",
        "group": "measured",
        "pool": name,
        "licence": LICENCE,
        "passes": list(find_backend(backend).passes),
        "reference": {"protocol": PROTOCOL, "model": title, "stated": stated},
        "models": {title: chip},
        "protocols": {PROTOCOL: "; ".join(filter(None, told))},
        "defaults": {"lab": "dsim", "licence": LICENCE},
    }


def check_not_another(folder: Path) -> None:
    """Refuse to replace a profile that was made otherwise, from a sheet for example: its figures would be lost.

    Raises
    ------
    InvalidValueError
        The folder holds one.
    """
    path = folder / "profile.toml"
    if path.is_file() and read_toml(path).get("reference", {}).get("protocol") != PROTOCOL:
        raise InvalidValueError(
            f"dsim measure replaces only profiles that it made itself, and {folder.name!r} in {folder.parent} is another; "
            "choose another name, or move that folder away"
        )
