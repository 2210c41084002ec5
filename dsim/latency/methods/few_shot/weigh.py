"""Weigh the figures of a new device against each other and all bundled devices, before anything is learned from them.

A figure that is a wrong unit's is refused. One that looks like a fall off the accelerator is named and kept apart from the
rates; it counts as evidence for the chance of a fall. Figures of one network that differ much are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dsim.device.add.columns import LATENCY_EXAMPLES
from dsim.device.add.found import FoundNetwork
from dsim.device.add.wrong import Wrong, refuse
from dsim.errors import FileFormatError
from dsim.graph.graph import Graph
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.outliers import LEAST, Far, far_figures, pace

TWINS = 1.3  # two figures of one network that differ more are named
STRANGE_PACE = (
    200.0  # times slower or faster than the devices alike: a hundred is a small board's or a server's
)


@dataclass(frozen=True)
class Timed:
    """One figure: the key of its network, and what the file says of it."""

    key: str
    found: FoundNetwork


Said = Callable[[Sequence[str], Mapping[str, Graph]], FloatArray]


def weigh(
    timed: Sequence[Timed], graphs: Mapping[str, Graph], said: Said
) -> tuple[tuple[Timed, ...], tuple[str, ...]]:
    """Tell what is far from the rest.

    Parameters
    ----------
    timed
        The figures.
    graphs
        Networks that do not come with dsim, by key.
    said
        Gives what all donors say (n, D) of networks (n,), log milliseconds.

    Returns
    -------
    tuple of Timed, tuple of str
        The same figures, those that look like a fall with the evidence for it; and what the user should know.

    Raises
    ------
    FileFormatError
        A figure's unit must be wrong, or it is too fast for anything to explain it; all of them are named. Or all figures together
        must be in another unit, and only cells name it.
    """
    notes = _twins(timed)
    judged = [n for n, one in enumerate(timed) if not one.found.cliff]
    keys = [timed[n].key for n in judged]
    if len(set(keys)) < LEAST:
        return tuple(timed), notes
    log_ms = np.log([timed[n].found.latency_ms for n in judged])
    table = said(keys, graphs)
    wrong, out = [], list(timed)
    for far in far_figures(keys, log_ms, table):
        one = timed[judged[far.at]]
        if not far.fell:
            wrong.append(Wrong(one.found.where, _refused(one, far)))
            continue
        times = f"{far.times:.2g} times slower than the other figures and the bundled devices say"
        out[judged[far.at]] = replace(one, found=replace(one.found, cliff=f"suspected: {times}"))
        notes += (
            f"{one.found.where}: {one.found.reference} in {one.found.latency_ms:.4g} ms is {times} ({far.said_ms:.3g} ms); "
            "a suspected fall off the accelerator: kept apart from the rates, counted as evidence for that chance",
        )
    refuse(wrong)
    slow = pace(log_ms, table)
    if max(slow, 1.0 / slow) > STRANGE_PACE:
        how = f"{slow:,.0f} times" if slow > 1.0 else f"1/{1.0 / slow:,.0f} of"
        strange = f"all figures are about {how} those of the bundled devices that they resemble most"
        in_cells = [timed[n].found.where for n in judged if timed[n].found.unit_in_cells]
        if in_cells:  # a header is written once and on purpose
            raise FileFormatError(
                f"{in_cells[0].partition(', row ')[0]}: {strange}, so their unit must be wrong; correct it, or, if it is right, state it "
                f"in the header: {LATENCY_EXAMPLES}"
            )
        notes += (
            f"{strange}; "
            "if their unit is another one, say so in the header (latency_us, latency_ms, latency_s)",
        )
    return tuple(out), notes


def figures_of(timed: Sequence[Timed]) -> dict[str, float]:
    """Return milliseconds by key, without those kept apart; a network timed several times counts by its median."""
    found: dict[str, list[float]] = {}
    for one in timed:
        if not one.found.cliff:
            found.setdefault(one.key, []).append(one.found.latency_ms)
    return {key: float(np.exp(np.median(np.log(ms)))) for key, ms in found.items()}


def measured_as(timed: Sequence[Timed]) -> str:
    """Return ``throughput`` where every figure is one image's share of a batch, else ``latency``.

    Raises
    ------
    FileFormatError
        There are figures of both kinds.
    """
    shares = [one for one in timed if one.found.batch > 1]
    if shares and len(shares) < len(timed):
        where = shares[0].found.where
        raise FileFormatError(
            f"{where}: is timed at batch {shares[0].found.batch} and others at batch 1; make a profile of each"
        )
    return "throughput" if shares else "latency"


def _refused(one: Timed, far: Far) -> str:
    figure = f"{one.found.reference} in {one.found.latency_ms:.4g} ms"
    said = f"the other figures and the bundled devices say ({far.said_ms:.3g} ms)"
    if far.unit:
        how = f"{far.times:,.0f} times what" if far.times > 1.0 else f"1/{1.0 / far.times:,.0f} of what"
        return f"{figure} is about {how} {said}, its unit must be wrong; correct it"
    return f"{figure} is {1.0 / far.times:.2g} times faster than {said}, which nothing explains; correct it or leave it out"


def _twins(timed: Sequence[Timed]) -> tuple[str, ...]:
    """Name the networks whose figures differ much."""
    by_key: dict[str, list[FoundNetwork]] = {}
    for one in timed:
        by_key.setdefault(one.key, []).append(one.found)
    notes = []
    for key, found in by_key.items():
        several = sorted(found, key=lambda one: one.latency_ms)
        low, high = several[0], several[-1]
        if high.latency_ms > TWINS * low.latency_ms:
            notes.append(
                f"{key} has {len(several)} figures that differ: {low.latency_ms:.4g} ms ({low.where}) and "
                f"{high.latency_ms:.4g} ms ({high.where}); their median counts, without those kept apart"
            )
    return tuple(notes)
