"""Show a latency estimate."""

from __future__ import annotations

from collections.abc import Sequence

from dsim.arch import PRESETS
from dsim.device import DeviceProfile
from dsim.graph import Graph
from dsim.graph.key import split_key
from dsim.graph.memory import FLOAT32_BYTES
from dsim.latency import LatencyEstimate
from dsim.latency.cliffs import LEAVES, chance_words
from dsim.latency.records import FIXED
from dsim.network.price import DeviceRow, Priced
from dsim.report.console import result_console, show_line, show_table
from dsim.report.evidence_words import EVIDENCE_WORDS
from dsim.report.table import table
from dsim.rounding import without_rounding
from dsim.shelf.checkpoints import ships_merged
from dsim.shelf.measured import figures
from dsim.shelf.metrics import NOTHING, Metrics, metrics_of

MOST_KINDS = 6
MOST_NAMES = 5
TAKEN_AS = (
    "Taken as: what the interval is right for; the nearer to networks that were timed there, the narrower."
)


def show_latency(name: str, priced: Priced, by: str = "kind") -> None:
    """Print an estimate: the figure, its interval, where the time goes, and what that rests on.

    Parameters
    ----------
    by
        ``kind``, ``block`` or ``op``: how the time is broken down.
    """
    console = result_console()
    profile, graph, answer = priced.asked.profile, priced.asked.graph, priced.estimate
    beside = known_metrics(name, priced)
    incomplete = "" if answer.complete else "incomplete estimate, "
    show_line(
        console,
        f"{name} on {profile.name}:",
        f"{incomplete}{_ms(answer.latency_ms)} ms{_per(profile)}, {answer.confidence:.0%} interval {_interval(answer)}; "
        f"{_sizes(graph)}",
    )
    show_line(console, "Fits:", f"{answer.fits}.")
    if answer.complete:
        show_line(console, "The interval answers:", f"{answer.answers}.")
    if said := measured_words(name, priced):
        show_line(console, "Measured there:", said)
    if said or beside != NOTHING:
        show_line(console, "Other figures:", f"{beside.words}.")
    show_line(
        console,
        "Memory:",
        f"activations take at most {_memory(priced)}, weights not counted",
    )
    if risk := chance_words(answer.p_cliff):
        show_line(console, f"{LEAVES.capitalize()}:", f"{risk}.")
    console.print()
    parts = {"kind": answer.by_op, "block": answer.by_scope, "op": answer.by_kernel}[by]
    rows = [(label or "-", _ms(value)) for label, value in parts.items()]
    if by == "kind" and len(rows) > MOST_KINDS + 1:  # one more takes no more room than the words for it
        rest = sum(list(parts.values())[MOST_KINDS:])
        rows = [*rows[:MOST_KINDS], (f"{len(parts) - MOST_KINDS} others", _ms(rest))]
    fixed_ms = without_rounding(answer.fixed_ms, answer.latency_ms)
    rows.append((FIXED, _ms(fixed_ms)))
    title = "Where the time goes (as the model shares it out; not measured)"
    show_table(console, table(title, (by, "ms"), rows, numbers=("ms",)))
    kinds = list(dict.fromkeys(kind for shares in answer.shares.values() for kind in shares))
    evidence = [
        (
            kind,
            *(f"{answer.shares[of].get(kind, 0.0):.0%}" for of in ("ops", "macs", "ms")),
            EVIDENCE_WORDS[kind],
        )
        for kind in kinds
    ]
    columns = ("", "of ops", "of MACs", "of ms", "which means")
    title = "How well the time of its operators is known"
    show_table(console, table(title, columns, evidence, numbers=columns[1:4]))
    for note in (*answer.notes, *uncounted_notes(graph)):
        show_line(console, "Note:", note)


def _memory(priced: Priced) -> str:
    """Return what activations take at once: on the device, and in float32 where that differs."""
    least = min(priced.peak_activation_bytes, priced.device_activation_bytes)
    floats = _bytes(priced.peak_activation_bytes, least)
    if priced.number_bytes == FLOAT32_BYTES:
        return f"{floats} at once in float32"
    bits = f"{8 * priced.number_bytes}-bit numbers"
    return f"{_bytes(least, least)} at once in the device's {bits} ({floats} in float32)"


def _bytes(size: float, least: float) -> str:
    """Write a size of memory in a unit that leaves something of the least size beside it."""
    if least >= 1e9:
        return f"{size / 1e9:.2f} GB"
    return f"{size / 1e6:.1f} MB" if least >= 1e5 else f"{size / 1e3:.1f} KB"


def published_key(name: str, priced: Priced) -> str:
    """Return the key under which others measured the same network; empty for a network that is only the user's own."""
    _, _, *sides = priced.asked.graph.inputs[0].shape
    if not (name.startswith("timm:") or name in PRESETS) or len(set(sides)) != 1:
        return ""
    return f"{name.removeprefix('timm:').partition('.')[0]}@{sides[0]}"


def known_metrics(name: str, priced: Priced) -> Metrics:
    """Return what is known of the same network on the device beside its latency."""
    return metrics_of(priced.asked.profile).get(published_key(name, priced), NOTHING)


def measured_words(name: str, priced: Priced) -> str:
    """Say what others measured of the same network on the device; empty where nobody did, or under another name."""
    key = published_key(name, priced)
    found = figures(priced.asked.profile).get(key)
    if found is None:
        return ""
    network, side = split_key(key)
    merged = " with its branches merged" if ships_merged(network, int(side)) else ""
    return (
        f"{_ms(found.latency_ms)} ms{merged}; `dsim shortlist` shows that figure, and with --details by whom."
    )


def show_devices(name: str, graph: Graph, rows: Sequence[DeviceRow]) -> None:
    """Print one network on several devices, a row each."""
    console = result_console()
    cells = []
    for row in rows:
        if row.priced is None:
            cells.append((row.device, "", "", "", "", "", row.error))
            continue
        answer, profile = row.priced.estimate, row.priced.asked.profile
        said = (
            "" if answer.complete else "incomplete estimate",
            "per image of a large batch" if profile.measures == "throughput" else "",
            f"run of {profile.batch}" if profile.batch != 1 else "",
            _other_form(row.priced),
        )
        says = ", ".join(part for part in said if part)
        cells.append(
            (
                row.device,
                _ms(answer.latency_ms),
                _interval(answer, ""),
                str(answer.question) if answer.complete else "",
                f"{answer.p_cliff:.0%}",
                f"{1 - answer.shares['ops'].get('unsupported', 0.0):.0%}",
                says,
            )
        )
    columns = ("device", "ms", "interval", "taken as", "off the accelerator", "ops known", "note")
    shown = next((row.priced.asked.graph for row in rows if row.priced is not None), graph)
    show_table(
        console,
        table(f"{name}: {_sizes(shown)}", columns, cells, (*columns[1:3], *columns[4:6]), TAKEN_AS),
    )
    for note in uncounted_notes(graph):
        show_line(console, "Note:", note)


def uncounted_notes(graph: Graph) -> tuple[str, ...]:
    """Return what to say of operators that no rule counts, nothing where there are none."""
    names = graph.uncounted
    if not names:
        return ()
    shown = ", ".join(names[:MOST_NAMES]) + (
        f" and {len(names) - MOST_NAMES} others" if len(names) > MOST_NAMES else ""
    )
    return (f"parameters and MACs are lower bounds, because no rule counts {shown}.",)


def _other_form(priced: Priced) -> str:
    """Say what the network costs in its other form, where merging its branches changes that."""
    merging = priced.merging
    if merging is None or not merging.says(priced.estimate.latency_ms):
        return ""
    return f"{_ms(merging.latency_ms)} {'as it was given' if merging.merged else 'merged'}"


def _sizes(graph: Graph) -> str:
    least = "at least " if graph.uncounted else ""
    params = f"{graph.params / 1e6:.2f} M" if graph.params >= 1e5 else f"{graph.params:,}"
    macs = f"{graph.macs / 1e9:.3f} G" if graph.macs >= 1e7 else f"{graph.macs:,} "
    return f"{least}{params} parameters, {least}{macs}MACs"


def _interval(answer: LatencyEstimate, unit: str = " ms") -> str:
    """Write an interval; that of an incomplete estimate has no upper end."""
    if not answer.complete:
        return f"{_ms(answer.low_ms)} to ?{unit}"
    return f"{_ms(answer.low_ms)} to {_ms(answer.high_ms)}{unit}"


def _per(profile: DeviceProfile) -> str:
    if profile.measures == "throughput":
        return f" per image (throughput, batch {profile.batch_stated})"
    return f" for a run of {profile.batch} images" if profile.batch != 1 else ""


def _ms(value: float) -> str:
    return f"{value:.2f}" if value >= 1 else f"{value:.3g}"
