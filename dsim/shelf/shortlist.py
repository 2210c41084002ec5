"""shortlist: which published networks fit a budget on a device. What `dsim.shortlist` runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from dsim.device.find import find_profile, name_at_batch
from dsim.device.number_bytes import number_bytes
from dsim.device.profile import DeviceProfile
from dsim.device.rough import refuse_rough, rough_note
from dsim.errors import InvalidValueError, NothingFitsError
from dsim.latency.checks import check_budget
from dsim.limits import amount, read_limits
from dsim.rounding import limit
from dsim.shelf.checkpoints import Checkpoint, checkpoints, without_graph
from dsim.shelf.measured import Figure, figures
from dsim.shelf.memory import memory_bytes
from dsim.shelf.metrics import NOTHING, metrics_of
from dsim.shelf.prices import prices
from dsim.shelf.records import MEASURED, PREDICTED, ShelfLimits, Shelved, Shortlist
from dsim.units import check_level, each_once, milliseconds


def shortlist(
    device: str,
    budget_ms: float | str,
    *,
    params: float | str | None = None,
    macs: float | str | None = None,
    memory: float | str | None = None,
    size: float | str | None = None,
    px: Iterable[int] = (),
    confidence: float = 0.9,
    batch: int | None = None,
    rough: bool = False,
) -> Shortlist:
    """Find the published networks with weights that fit a latency budget on a device.

    Parameters
    ----------
    device
        Name of a device profile, e.g. ``"iphone12"``.
    budget_ms
        Latency budget of one run: a number of milliseconds, or a text with its unit such as ``"2ms"``.
    params, macs
        The most of each: a raw count, or a text such as ``"15M"``; None is no limit.
    memory, size
        The most bytes that activations take at once, and that weights take in a file, in the device's numbers; or a text such as
        ``"24MB"``.
    px
        Sides of the image that are allowed; empty for any.
    confidence
        Chance with which a new measurement must be within the budget, cliffs included; also the level of the intervals.
    batch
        Images in a run, for a profile that was measured at several; its smallest by default.
    rough
        Answer on a rough profile too; it is refused otherwise.

    Returns
    -------
    Shortlist
        ``rows``, the highest top-1 first; a latency is the one measured on that device where there is one, else predicted.

    Raises
    ------
    DsimError
        The device is unknown, or a value is out of range, or no published network is within the limits.
    """
    limits = ShelfLimits(**read_limits(params, macs, memory, size), px=tuple(px))
    return shortlists(device, (budget_ms,), limits, confidence, batch, rough)[0]


def shortlists(
    device: str,
    budgets_ms: Sequence[float | str],
    limits: ShelfLimits | None = None,
    confidence: float = 0.9,
    batch: int | None = None,
    rough: bool = False,
) -> tuple[Shortlist, ...]:
    """Return one shortlist for each budget, none of which is given twice; see `shortlist`."""
    budgets = [milliseconds(one) for one in budgets_ms]
    each_once("budget", budgets, "ms")
    refuse_rough((name_at_batch(device, batch),), rough)
    check_level(confidence)
    profile = find_profile(name_at_batch(device, batch))
    limits = limits or ShelfLimits()
    if not _kept_to(profile, limits):
        raise _no_network(profile, limits)
    return tuple(of_profile(profile, one, limits, confidence) for one in budgets)


def of_profile(
    profile: DeviceProfile, budget_ms: float, limits: ShelfLimits, confidence: float, most: int | None = None
) -> Shortlist:
    """Return the shortlist of a profile, which may be empty.

    Parameters
    ----------
    most
        Networks after which no more are looked for; None lists all.

    Raises
    ------
    InvalidValueError
        The budget is not positive.
    """
    check_budget(budget_ms)
    within = _kept_to(profile, limits)
    rows, left_out = _priced(profile, within, budget_ms, confidence)
    fit = [row for row in rows if row.needs_ms <= limit(budget_ms)]
    fit.sort(key=lambda row: (-row.top1, row.needs_ms, row.name, row.px))
    fit = list(_in_memory(profile, fit, limits, most))
    possible = [row for row in rows if np.isfinite(row.needs_ms)]
    possible.sort(key=lambda row: (row.needs_ms, row.name, row.px))
    nearest = None if fit else next(_in_memory(profile, possible, limits, 1), None)
    return Shortlist(
        profile.name,
        budget_ms,
        confidence,
        limits,
        _marked(fit),
        len(within),
        nearest,
        (*filter(None, (rough_note(profile),)), *_notes(left_out, limits)),
    )


def _kept_to(profile: DeviceProfile, limits: ShelfLimits) -> list[Checkpoint]:
    """Return the checkpoints within all limits but that of memory, which is worked out for few."""
    each = number_bytes(profile.precision).weight
    return [
        one
        for one in checkpoints()
        if (limits.params is None or one.params <= limits.params)
        and (limits.macs is None or one.macs <= limits.macs)
        and (limits.size_bytes is None or one.params * each <= limits.size_bytes)
        and (not limits.px or one.px in limits.px)
    ]


def _in_memory(
    profile: DeviceProfile, rows: Sequence[Shelved], limits: ShelfLimits, most: int | None
) -> Iterator[Shelved]:
    """Yield the rows whose activations are within the limit of memory, at most of so many networks."""
    if limits.memory_bytes is None:
        yield from rows
        return
    found: set[str] = set()
    for some in ((row,) for row in rows) if most else (rows,):
        if most and len(found) >= most:
            return
        taken = memory_bytes(profile, (_key(row) for row in some))
        fit = [row for row in some if taken[_key(row)] <= limits.memory_bytes]
        found.update(row.network for row in fit)
        yield from fit


def _key(row: Shelved) -> str:
    return f"{row.network}@{row.px}"


def _no_network(profile: DeviceProfile, limits: ShelfLimits) -> InvalidValueError:
    every = [one for one in checkpoints() if not limits.px or one.px in limits.px]
    if not every:
        sides = sorted({one.px for one in checkpoints()})
        return InvalidValueError(
            f"px must be sides that published networks take, got {', '.join(map(str, limits.px))}; choose among "
            f"{', '.join(map(str, sides))}"
        )
    params, macs = min(one.params for one in every), min(one.macs for one in every)
    size = params * number_bytes(profile.precision).weight
    return NothingFitsError(
        f"limits must leave at least one published network, got {limits.words}; the smallest has {amount('params', params)} "
        f"({amount('size', size)}), the cheapest {amount('macs', macs)}: allow more"
    )


def _priced(
    profile: DeviceProfile, within: Sequence[Checkpoint], budget_ms: float, confidence: float
) -> tuple[list[Shelved], Counter[str]]:
    """Return what each checkpoint costs, as measured or as predicted, and how many are left out for which reason."""
    known = figures(profile)
    # all, whatever the limits, so that the cache holds one answer for a device
    found = prices(profile, {one.key for one in checkpoints()}, budget_ms, confidence)
    at = {key: n for n, key in enumerate(found.keys)}
    rows, left_out = [], Counter[str]()
    for one in within:
        if figure := known.get(one.key):
            rows.append(_measured(one, figure, budget_ms, confidence))
            continue
        n = at.get(one.key)
        if n is None:
            left_out["cannot be run at this batch"] += 1
        elif found.why_not[n]:
            left_out[found.why_not[n]] += 1
        else:
            figures_ms = (found.latency_ms, found.low_ms, found.high_ms, found.needs_ms, found.p_fits)
            rows.append(
                _row(
                    one,
                    tuple(float(array[n]) for array in figures_ms),
                    PREDICTED,
                    found.questions[n].words,
                    float(found.p_cliff[n]),
                    _outside(profile, one.px),
                )
            )
    beside = metrics_of(profile)
    return [replace(row, metrics=beside.get(_key(row), NOTHING)) for row in rows], left_out


def _measured(one: Checkpoint, figure: Figure, budget_ms: float, confidence: float) -> Shelved:
    note = "it left the accelerator when it was measured" if figure.left else ""
    ms = (
        figure.latency_ms,
        *figure.interval(confidence),
        figure.needs_ms(confidence),
        figure.p_fits(budget_ms),
    )
    return _row(one, ms, MEASURED, figure.source, 0.0, note)


def _row(
    one: Checkpoint, ms: tuple[float, ...], how: str, evidence: str, p_cliff: float, note: str
) -> Shelved:
    latency, low, high, needs, fits = ms
    return Shelved(
        name=one.name,
        network=one.network,
        px=one.px,
        top1=one.top1,
        latency_ms=latency,
        low_ms=low,
        high_ms=high,
        needs_ms=needs,
        p_fits=fits,
        how=how,
        evidence=evidence,
        p_cliff=p_cliff,
        params=one.params,
        macs=one.macs,
        licence=one.licence,
        merge=one.merge,
        trained=one.trained,
        load=one.load,
        note=note,
    )


def _outside(profile: DeviceProfile, px: int) -> str:
    if profile.low_px <= px <= profile.high_px:
        return ""
    return f"{px} px lies outside {profile.low_px} to {profile.high_px} px, where networks were measured: extrapolated"


def _marked(rows: Sequence[Shelved]) -> tuple[Shelved, ...]:
    """Mark the Pareto set of rows that are sorted by top-1, the highest first: each needs less than all before it."""
    least, out = np.inf, []
    for row in rows:
        out.append(replace(row, pareto=row.needs_ms < least))
        least = min(least, row.needs_ms)
    return tuple(out)


def _notes(left_out: Counter[str], limits: ShelfLimits) -> tuple[str, ...]:
    said = [f"{count} published checkpoints {why}: left out" for why, count in sorted(left_out.items())]
    if not limits.words:
        said.append(f"{without_graph()} more published results have no graph here and cannot be priced")
    return tuple(said)
