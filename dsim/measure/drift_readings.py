"""Readings of a machine's speed from a journal: from its anchors, or from what all runtimes have in common.

An anchor's reading is its own time. Journals from before there were anchors tell too: four networks and all runtimes took
turns, so that a slow moment slowed all of them. What a network took over what a model predicts that did not see it, as a mean
over the runtimes, is a reading; designs are predicted better than reference networks, and count more. Only networks to learn
from give readings. The model is learned again after the drift was divided out once: it had learned some of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from dsim.device.add.write import write_profile
from dsim.device.batches import at_batch
from dsim.device.drift import ANCHORS, NETWORKS, KeptDrift
from dsim.device.load import load_profile
from dsim.device.profile import LEARN
from dsim.measure.drift import LEAST_READINGS, Course, Drift, Reading, estimate_course, scatter_of
from dsim.measure.journal import Entry, Head
from dsim.measure.left_out import left_out_log_ms
from dsim.measure.make_profile import MachineDrift, make_profile
from dsim.progress import working

LEAST_NETWORKS = 40  # to learn from: fewer make no model whose errors are the machine's
LEAST_RUNTIMES = 2
ROUNDS = 2
FARTHEST = 3.0  # an error counts as at most so many of its kind's scatter
LEAST_ERROR = 1e-3  # log ratio: a model that seems to err less has too few networks to tell
DESIGN, REFERENCE = "design", "reference"
Key = tuple[str, int]


def key_of(entry: Entry) -> Key:
    """Return what an entry is of: a network, at a batch."""
    return entry.planned.key, entry.planned.batch


def minutes_of(entries: Sequence[Entry]) -> list[float]:
    """Return the minute of each entry, counted from the first.

    By the clock where every entry has its time. Older journals have none: their runs tell how long each network was timed.
    """
    times = [entry.at_s for entry in entries]
    if all(time is not None for time in times):
        first = min((time for time in times if time is not None), default=0.0)
        return [((time or 0.0) - first) / 60.0 for time in times]
    took = [
        sum((one.runs + one.disturbed) * one.median_ms for one in entry.observed.seen.values()) / 6e4
        for entry in entries
    ]
    return [float(end - own / 2) for end, own in zip(np.cumsum(took), took, strict=True)]


def anchor_readings(anchors: Sequence[Entry], minutes: Sequence[float]) -> list[Reading]:
    """Return what anchors say: each on each backend is a kind of its own."""
    return [
        Reading(minute, f"{entry.planned.label} on {backend}", float(np.log(one.latency_ms)))
        for entry, minute in zip(anchors, minutes, strict=True)
        for backend, one in entry.observed.seen.items()
        if not one.busy
    ]


def shared_readings(errors: Mapping[str, Mapping[str, float]], minutes: Mapping[str, float]) -> list[Reading]:
    """Return what the errors of all runtimes have in common.

    Parameters
    ----------
    errors
        By runtime and network: log of measured over predicted.
    minutes
        By network.
    """
    total: dict[str, float] = {}
    weight: dict[str, float] = {}
    for own in errors.values():
        for kind in (DESIGN, REFERENCE):
            keys = [key for key in own if _kind(key) == kind and key in minutes]
            if not keys:
                continue
            values = np.array([own[key] for key in keys])
            values = values - np.median(values)
            scatter = scatter_of(values, LEAST_ERROR)
            for key, value in zip(
                keys, np.clip(values, -FARTHEST * scatter, FARTHEST * scatter), strict=True
            ):
                total[key] = total.get(key, 0.0) + float(value) / scatter**2
                weight[key] = weight.get(key, 0.0) + 1.0 / scatter**2
    return [Reading(minutes[key], _kind(key), total[key] / weight[key], key) for key in total]


def _kind(key: str) -> str:
    return DESIGN if key.startswith("design-") else REFERENCE


def machine_drift(head: Head, entries: Sequence[Entry], anchors: Sequence[Entry]) -> MachineDrift | None:
    """Estimate how the speed of a machine went while a journal was written; None where nothing in it tells."""
    both = sorted([*entries, *anchors], key=lambda entry: entry.at_s or 0.0) if anchors else list(entries)
    minute = dict(zip(map(id, both), minutes_of(both), strict=True))
    if anchors and all(entry.at_s is not None for entry in both):
        readings = anchor_readings(anchors, [minute[id(one)] for one in anchors])
        if len(readings) >= LEAST_READINGS:
            # networks are named by their place: one may be timed at several batches
            at = {str(n): minute[id(one)] for n, one in enumerate(entries)}
            course = estimate_course(readings, at)
            return _found(
                ANCHORS, course, {key_of(one): course.networks[str(n)] for n, one in enumerate(entries)}
            )
    plain = [entry for entry in entries if entry.planned.batch == 1]
    learned = [entry for entry in plain if entry.planned.role == LEARN]
    if len(head.stacks) < LEAST_RUNTIMES or len(learned) < LEAST_NETWORKS:
        return None
    return _from_networks(head, entries, plain, minute)


def _from_networks(
    head: Head, entries: Sequence[Entry], plain: Sequence[Entry], minute: Mapping[int, float]
) -> MachineDrift:
    at = {entry.planned.key: minute[id(entry)] for entry in plain}
    at = {entry.planned.key: minute[id(entry)] for entry in entries} | at
    found: MachineDrift | None = None
    with working("estimating the machine's drift", total=float(ROUNDS * len(head.stacks))) as work:
        for _ in range(ROUNDS):
            errors = {}
            for backend in head.stacks:
                errors[backend] = _errors(head, backend, plain, found)
                work.step()
            course = estimate_course(shared_readings(errors, at), at)
            found = _found(
                NETWORKS, course, {key_of(one): course.networks[one.planned.key] for one in entries}
            )
    assert found is not None
    return found


def _errors(
    head: Head, backend: str, entries: Sequence[Entry], drift: MachineDrift | None
) -> dict[str, float]:
    """Return log of measured over predicted of the networks to learn from, as they were measured."""
    made = make_profile("present", "present", head, backend, entries, allow_busy=True, drift=drift)
    with TemporaryDirectory(prefix="dsim-") as folder:
        profile = at_batch(load_profile(write_profile(Path(folder), made.addition)))
        whole = {row.graph: row.latency_ms * (row.drift or 1.0) for row in profile.networks if row.counts}
        predicted = left_out_log_ms(profile, whole)
    return {key: float(np.log(ms)) - predicted[key] for key, ms in whole.items()}


def _found(told_by: str, course: Course, networks: Mapping[Key, Drift]) -> MachineDrift:
    """Return the course as profiles keep it, and each network's own."""

    def percent(values: np.ndarray) -> tuple[float, ...]:
        return tuple(round(100.0 * float(value), 2) for value in values)

    kept = KeptDrift(
        told_by,
        tuple(round(float(value), 2) for value in course.minutes),
        percent(np.expm1(course.log)),
        percent(course.error),
        round(100.0 * course.spread, 2),
        round(course.length_min, 2),
        {kind: round(100.0 * value, 2) for kind, value in course.scatter.items()},
        tuple((round(low, 2), round(high, 2)) for low, high in course.unexplained),
    )
    return MachineDrift(kept, networks)
