"""The results of ``run_on_mac.py``: slopes of chains become timed ops, whole designs become networks.

A chain counts only where Core ML's plan puts all of it on the Neural Engine, if that is what was asked for. What Core ML
says of single ops inside a network is its estimated cost times the measured time: kept beside the profile as an
attribution, never learned from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

from dsim.device.add.found import LICENCE, Found, FoundNetwork, FoundStack
from dsim.device.add.mac_lines import NEURAL_ENGINE, Head, Results, Timed, TimedChain, read_lines
from dsim.device.add.mac_probes import probe_contrasts
from dsim.device.add.mil_names import kind_of
from dsim.device.add.slopes import LEAST_LENGTHS, Slope, slope_of, solve
from dsim.device.placements import Placement
from dsim.device.profile import MeasuredOp
from dsim.errors import FileFormatError
from dsim.op import ACTIVATIONS, BINARY, Op, OpKind

ON_NEURAL_ENGINE = "cpuAndNeuralEngine"
UNITS = {
    ON_NEURAL_ENGINE: "Neural Engine; the CPU allowed beside it",
    "all": "all units allowed; Core ML chooses",
    "cpuAndGPU": "GPU; the CPU allowed beside it",
    "cpuOnly": "CPU",
}
# a compiler may link these to what comes before, and then they have no time of their own
FREE_PERHAPS = ACTIVATIONS | BINARY | {OpKind.BATCH_NORM, OpKind.RESHAPE, OpKind.PAD}
LEAST_MS = 2e-4  # stands for a time too short to measure
CERTAIN = 2.0  # standard errors that a figure must be from 0
MOST_NAMES = 12
CLIFF_SHARE = 0.1  # of a design's estimated cost off the Neural Engine
PROTOCOL = "coreml-chains"


def read_mac_results(path: Path, text: str) -> Found:
    """Read a results file.

    Raises
    ------
    FileFormatError
        A line breaks a rule, or the compute units are unknown.
    """
    results = read_lines(str(path), text)
    if results.head.compute_units not in UNITS:
        raise FileFormatError(
            f"{path}, line 1: compute_units must be one of {', '.join(UNITS)}, got {results.head.compute_units!r}; "
            "run run_on_mac.py again"
        )
    neural = results.head.compute_units == ON_NEURAL_ENGINE
    chains, notes = _whole_chains(results, neural)
    slopes = {key: _slope(rows) for key, rows in chains.items()}
    found = solve(list(slopes.values()), [rows[0].unit for rows in chains.values()])
    asked = [rows[0].op for rows in chains.values()]
    ops, more = _ops(found, asked, f"run_on_mac.py, slopes of chains, {_device(results.head)}")
    contrasts, blocks, left = probe_contrasts(
        results.probes, PROTOCOL, f"run_on_mac.py, probes, {_device(results.head)}", neural
    )
    if results.cut:
        notes.append(f"{path}: its last line was cut off and is left out")
    networks = [one.timed for one in results.designs if one.timed.plan is not None]
    if neural and networks:
        more.append(_placed(networks))
    return Found(
        tuple(
            _network(one.timed, neural, f"run_on_mac.py, {_device(results.head)}") for one in results.designs
        ),
        ops,
        notes=(*notes, *more, *left),
        contrasts=contrasts,
        blocks=blocks,
        placements=tuple(one for design in results.designs for one in _placements(design.timed))
        if neural
        else (),
        graphs={one.timed.name: one.graph for one in results.designs},
        stack=_stack(results.head),
        measured={
            "chains": [
                {
                    "chain": key,
                    "ms_a_copy": round(slope.ms, 7),
                    "error_ms": round(slope.error_ms, 7),
                    "copies": sorted(row.copies for row in chains[key]),
                }
                for key, slope in slopes.items()
            ],
            "attributed": {
                "what": "Core ML's estimated cost times the measured time: an attribution, never learned from",
                "ms": {one.timed.name: parts for one in results.designs if (parts := _attributed(one.timed))},
            },
        },
    )


def _whole_chains(results: Results, neural: bool) -> tuple[dict[str, list[TimedChain]], list[str]]:
    """Return the chains to learn from, by key, and say which are left out and why."""
    rows: dict[str, list[TimedChain]] = defaultdict(list)
    for one in results.chains:
        rows[one.chain].append(one)
    out: dict[str, list[TimedChain]] = {}
    left: dict[str, list[str]] = defaultdict(list)
    for key, own in rows.items():
        elsewhere: Counter[str] = sum((one.timed.elsewhere for one in own), Counter())
        if any(one.unit != own[0].unit for one in own):
            left["copies differ from length to length"].append(key)
        elif neural and any(one.timed.plan is None for one in own):
            left["Core ML gave no plan, so that nothing says where they ran"].append(key)
        elif neural and elsewhere:
            left["left the Neural Engine"].append(f"{key} ({', '.join(sorted(elsewhere))})")
        elif len({one.copies for one in own}) < LEAST_LENGTHS:
            left["timed at one length alone"].append(key)
        else:
            out[key] = own
    notes = [
        f"{len(keys)} of {len(rows)} chains not used, {why}: {_some(keys)}" for why, keys in left.items()
    ]
    if results.failed:
        names = [f"{name} ({why[:60]})" for name, why in results.failed.items()]
        notes.append(f"{len(names)} packages failed: {_some(names, 3)}")
    return out, notes


def _slope(rows: list[TimedChain]) -> Slope:
    return slope_of(
        [one.copies for one in rows],
        [one.timed.ms for one in rows],
        [one.timed.error_ms for one in rows],
    )


def _ops(found: dict[Op, Slope], asked: list[Op], source: str) -> tuple[tuple[MeasuredOp, ...], list[str]]:
    """Return the ops that chains were made for, and say which of them have no figure."""
    out: list[MeasuredOp] = []
    free: list[str] = []
    unsure: list[str] = []
    apart: list[str] = []
    for op in dict.fromkeys(asked):
        name = f"{op.label} {'x'.join(map(str, op.inputs[0].shape))}"
        slope = found.get(op)
        if slope is None:
            apart.append(name)
            continue
        certain = slope.ms > max(CERTAIN * slope.error_ms, LEAST_MS)
        if not certain and op.kind not in FREE_PERHAPS:
            unsure.append(name)
            continue
        if not certain:
            free.append(name)
        out.append(MeasuredOp(op, max(slope.ms, LEAST_MS), 1, "", 0, "slope", source, LICENCE))
    notes = []
    if free:
        notes.append(
            f"{len(free)} ops take too little time to measure, linked to what comes before: {_some(free)}"
        )
    if unsure:
        notes.append(f"{len(unsure)} ops not used, their slope is within its error of none: {_some(unsure)}")
    if apart:
        notes.append(f"{len(apart)} ops not used, a chain that tells them apart is missing: {_some(apart)}")
    return tuple(out), notes


def _network(timed: Timed, neural: bool, source: str) -> FoundNetwork:
    away = sum(timed.elsewhere.values())
    share = sum(cost or 0.0 for _, unit, cost in timed.plan or () if unit != NEURAL_ENGINE)
    known = timed.plan is not None
    return FoundNetwork(
        timed.where,
        timed.name,
        timed.ms,
        source,
        len(timed.plan or ()) - away if known else None,
        away if known else None,
        timed.error_ms,
        f"Core ML's plan puts {share:.0%} of the cost elsewhere" if neural and share > CLIFF_SHARE else "",
        beside=timed.beside,
    )


def _placements(timed: Timed) -> list[Placement]:
    """Return where a whole network's operators of each kind were put; what Core ML puts together from others has no kind."""
    on: Counter[OpKind] = Counter()
    off: Counter[OpKind] = Counter()
    for name, unit, _ in timed.plan or ():
        if kind := kind_of(name):
            (on if unit == NEURAL_ENGINE else off)[kind] += 1
    return [Placement(timed.name, kind, on[kind], off[kind]) for kind in sorted(on.keys() | off.keys())]


def _placed(networks: list[Timed]) -> str:
    away = sorted(
        {
            kind
            for one in networks
            for place in _placements(one)
            if place.elsewhere
            for kind in [str(place.op)]
        }
    )
    return (
        f"where Core ML's plans put {len(networks)} whole networks tells the chance that a design leaves the Neural Engine; "
        + (f"elsewhere: {_some(away)}" if away else "all of their operators stayed")
    )


def _attributed(timed: Timed) -> dict[str, float]:
    """Return Core ML's own figures by op, most first."""
    sums: dict[str, float] = defaultdict(float)
    for op, _, cost in timed.plan or ():
        sums[op.rpartition(".")[2]] += timed.ms * (cost or 0.0)
    return {op: round(ms, 6) for op, ms in sorted(sums.items(), key=lambda item: -item[1]) if ms > 0}


def _device(head: Head) -> str:
    what = "Mac" if head.device["type"] == "mac" else head.device["type"]
    return f"{what} with system {head.device['os_version']}"


def _stack(head: Head) -> FoundStack:
    stated = f"median of predictions one after another, coremltools' MLModelBenchmarker, {_device(head)}; ops from slopes of chains"
    return FoundStack(
        soc=head.mac if head.device["type"] == "mac" else "",  # a phone does not say its chip
        compute_unit=UNITS[head.compute_units],
        runtime=f"Core ML, system {head.device['os_version']}",
        precision=head.precision,
        layout="chosen by Core ML",
        threads="chosen by Core ML",
        passes=head.passes,
        protocol=PROTOCOL,
        stated=stated,
    )


def _some(names: list[str], most: int = MOST_NAMES) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
