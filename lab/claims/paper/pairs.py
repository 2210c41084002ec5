"""Measured pairs: two networks that one laboratory timed in one protocol on one phone or machine."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import numpy as np

from dsim.device import DeviceProfile
from dsim.device.profile import Contrast, Measurement
from dsim.latency.networks import stored
from lab.claims.paper.records import Kind, Piece
from lab.claims.paper.rule import FLOOR, percent

Key = tuple[str, str, str]  # phone model, protocol, laboratory


def timed_together(
    profile: DeviceProfile, graphs: Sequence[str]
) -> dict[Key, dict[str, tuple[float, float, str]]]:
    """Return networks' milliseconds by who timed them how on what.

    Figures that repeat others, and those of networks that left the accelerator, are let go. Of several figures of one
    network the median counts.

    Returns
    -------
    dict
        By model, protocol and laboratory, by graph: milliseconds, reading error, source.
    """
    digits = _digits(profile.networks)
    rows: dict[Key, dict[str, list[Measurement]]] = defaultdict(lambda: defaultdict(list))
    for row in profile.networks:
        if row.graph in graphs and not row.repeats and not row.cliff:
            rows[row.model, row.protocol, row.lab][row.graph].append(row)
    return {
        key: {graph: _middle(of, digits) for graph, of in found.items()}
        for key, found in rows.items()
        if len(found) > 1
    }


def _middle(rows: Sequence[Measurement], digits: Mapping[tuple[str, str], int]) -> tuple[float, float, str]:
    error = max(
        0.5 * 10.0 ** -digits[row.source, row.table] if row.error_ms is None else row.error_ms for row in rows
    )
    return float(np.median([row.latency_ms for row in rows])), error, rows[0].source


def _digits(rows: Sequence[Measurement | Contrast]) -> dict[tuple[str, str], int]:
    """Return how many decimals each table gives: what it rounds away is an error of reading."""
    out: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        figures = (row.latency_ms,) if isinstance(row, Measurement) else (row.a_ms, row.b_ms)
        for ms in figures:
            shown = repr(ms).partition(".")[2]
            decimals = 0 if shown == "0" or "e" in shown else len(shown)
            out[row.source, row.table] = max(out[row.source, row.table], decimals)
    return out


def pair_piece(
    profile: DeviceProfile, key: Key, what: str, a: str, b: str, timed: Mapping[str, tuple[float, float, str]],
    work: float = 1.0,
) -> Piece:  # fmt: skip
    """Make a piece of evidence; its interval is the noise of one laboratory and both errors of reading.

    Parameters
    ----------
    work
        Factor of work by which ``b`` exceeds ``a``; the change is what is left beyond it.
    """
    (a_ms, a_error, _), (b_ms, b_error, source) = timed[a], timed[b]
    value = math.log(b_ms / a_ms / work)
    off = math.log1p(FLOOR / 100.0) + a_error / a_ms + b_error / b_ms
    model, protocol, _ = key
    return Piece(
        Kind.PAIR, what, a, b, a_ms, b_ms, percent(value), percent(value - off), percent(value + off), 2,
        f"{source.split(' [')[0]}, {model}, {profile.protocols.get(protocol, protocol)}",
    )  # fmt: skip


def pair_pieces(
    profile: DeviceProfile,
    pairs: Sequence[tuple[str, str, str]],
    work: Callable[[str, str], float] | None = None,
) -> Iterator[Piece]:
    """Yield the evidence of pairs ``(what differs, a, b)``, both graph keys, wherever a profile measured both."""
    wanted = sorted({graph for _, a, b in pairs for graph in (a, b)})
    for key, timed in sorted(timed_together(profile, wanted).items()):
        for what, a, b in pairs:
            if a in timed and b in timed:
                yield pair_piece(profile, key, what, a, b, timed, work(a, b) if work else 1.0)


def contrast_piece(profile: DeviceProfile, contrast: Contrast, work: float = 1.0, why_not: str = "") -> Piece:
    """Make a piece of evidence of a contrast; one without an interval gets that of a measured pair."""
    a_ms, b_ms = contrast.a_ms, contrast.b_ms
    if contrast.low_ms is not None and contrast.high_ms is not None:
        value, low, high = (
            100.0 * ((a_ms + change) / a_ms / work - 1.0)
            for change in (b_ms - a_ms, contrast.low_ms, contrast.high_ms)
        )
    else:
        rounded = 0.5 * 10.0 ** -_digits(profile.contrasts)[contrast.source, contrast.table]
        error = max(contrast.error_ms, rounded)
        log = math.log(b_ms / a_ms / work)
        off = math.log1p(FLOOR / 100.0) + error / a_ms + error / b_ms
        value, low, high = percent(log), percent(log - off), percent(log + off)
    return Piece(
        Kind.CONTRAST, f"{contrast.choice}: {contrast.what.split(';')[0]}", contrast.graph_a or "-",
        contrast.graph_b or "-", a_ms, b_ms, value, low, high, 2, f"{contrast.source}, {contrast.model}", why_not,
    )  # fmt: skip


@cache
def macs_of(graph: str) -> int:
    """Return a stored network's multiply-accumulates."""
    return sum(op.macs for op in stored({graph})[graph].ops)


def macs_ratio(a: str, b: str) -> float:
    """Return the multiply-accumulates of a stored network over those of another."""
    return macs_of(b) / macs_of(a)
