"""What is known of a network on a device beside its latency: tail, heat, load, energy, and top-1 in 8-bit integers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import groupby

import numpy as np

from dsim.accuracy.quantised import Quantised, quantised
from dsim.device.find import find_profile, name_at_batch
from dsim.device.profile import DeviceProfile, Measurement
from dsim.errors import UnknownNameError
from dsim.latency.names import find_key

# what to call each figure, and its unit; the keys are the fields of `Metrics`
LABELS: dict[str, tuple[str, str]] = {
    "p95_ms": ("95th percentile", " ms"),
    "sustained_ms": ("sustained latency", " ms"),
    "load_ms": ("load time", " ms"),
    "energy_mj": ("energy", " mJ"),
    "int8_top1": ("top-1 after int8", "%"),
}
MEASURED = ("p95_ms", "sustained_ms", "load_ms", "energy_mj")  # those that networks.csv may hold


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure.

    Attributes
    ----------
    value
        In the unit of its kind, see `Metrics`.
    source, protocol, licence
        Who says it, how it was found, and its terms.
    note
        What else a reader should know, or empty.
    """

    value: float
    source: str
    protocol: str
    licence: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What is known of one network on one device beside its latency; None is unknown.

    Attributes
    ----------
    p95_ms
        95th percentile of the runs, milliseconds.
    sustained_ms
        Milliseconds of a run after the device has run it for some time without a pause; the protocol says how long.
    load_ms
        From the file to the first answer, milliseconds.
    energy_mj
        Of one run, millijoules.
    int8_top1
        Percent on ImageNet-1k with 8-bit integers, of the source's own weights: computed on this chip where a source says so, else
        the lowest that is published.
    """

    p95_ms: Metric | None = None
    sustained_ms: Metric | None = None
    load_ms: Metric | None = None
    energy_mj: Metric | None = None
    int8_top1: Metric | None = None

    @property
    def known(self) -> dict[str, Metric]:
        """The known figures by their names here."""
        found = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in found if value is not None}

    @property
    def values(self) -> dict[str, float | None]:
        """The bare numbers by their names here, each in the unit of its kind; None is unknown."""
        known = self.known
        return {name: known[name].value if name in known else None for name in LABELS}

    @property
    def unknown(self) -> tuple[str, ...]:
        """What the unknown ones are called."""
        return tuple(label for name, (label, _) in LABELS.items() if getattr(self, name) is None)

    @property
    def words(self) -> str:
        """All of them in one line: what is known and by whom, then what is unknown."""
        known = self.known
        parts = []
        for source, names in groupby(known, key=lambda name: _by(known[name])):
            told = ", ".join(f"{LABELS[name][0]} {known[name].value:.4g}{LABELS[name][1]}" for name in names)
            parts.append(f"{told} ({source})")
        unknown = f"unknown: {', '.join(self.unknown)}" if self.unknown else ""
        return "; ".join(filter(None, (*parts, unknown)))


def _by(one: Metric) -> str:
    return ", ".join(filter(None, (one.source, one.note)))


NOTHING = Metrics()


def metrics(network: str, device: str, batch: int | None = None) -> Metrics:
    """Return what is known of a network on a device beside its latency.

    Parameters
    ----------
    network
        Its name, or its key ``name@side``: ``"mobilenetv2_100@224"``; ``dsim device networks`` lists those that have names.
    device
        Name of a device profile.
    batch
        Images in a run, for a profile that was measured at several; its smallest by default.

    Raises
    ------
    UnknownNameError
        There is no such device, or no network of this name is stored or was measured there.
    """
    profile = find_profile(name_at_batch(device, batch))
    return metrics_of(profile).get(_key(profile, network), NOTHING)


def _key(profile: DeviceProfile, network: str) -> str:
    if any(row.graph == network for row in profile.networks):
        return network  # a design or a network that this profile brings along
    try:
        return find_key(network)
    except UnknownNameError as error:
        raise UnknownNameError(f"{error}, or a key of {profile.name}'s own networks.csv") from error


def metrics_of(profile: DeviceProfile) -> dict[str, Metrics]:
    """Return what is known of every network on a device, by the key of its graph; networks without anything are left out."""
    rows: dict[str, list[Measurement]] = defaultdict(list)
    for row in profile.networks:
        if row.graph and not row.repeats and any(getattr(row, name) is not None for name in MEASURED):
            rows[row.graph].append(row)
    integers = quantised()
    return {
        key: Metrics(
            **{name: _measured(profile, rows[key], name) for name in MEASURED},
            int8_top1=_int8(integers.get(key, ()), profile.chip),
        )
        for key in {**rows, **integers}
    }


def known_counts(profile: DeviceProfile) -> dict[str, int]:
    """Return of how many networks that were measured on a device each figure is known, by the figure's name here."""
    measured = {row.graph for row in profile.networks if row.graph}
    found = Counter(name for key, own in metrics_of(profile).items() if key in measured for name in own.known)
    return {name: found[name] for name in LABELS}


def counts_words(found: Mapping[str, int]) -> str:
    """Say of how many networks each figure is known, and which are unknown; ``found`` as `known_counts` returns it."""
    by_count: dict[int, list[str]] = defaultdict(list)
    for name, (label, _) in LABELS.items():
        by_count[found[name]].append(label)
    unknown = by_count.pop(0, [])
    parts = [
        f"{_listed(labels)} of {number} network{'' if number == 1 else 's'}"
        for number, labels in by_count.items()
    ]
    return "; ".join([*parts, *([f"unknown: {', '.join(unknown)}"] if unknown else [])])


def _listed(labels: list[str]) -> str:
    *first, last = labels
    return f"{', '.join(first)} and {last}" if first else last


def _measured(profile: DeviceProfile, rows: list[Measurement], name: str) -> Metric | None:
    """Join what one or several measurements say of a network: the median."""
    own = [row for row in rows if getattr(row, name) is not None]
    if not own:
        return None
    first = own[0]
    protocol = profile.protocols[first.protocol]
    if name == "sustained_ms" and first.sustained_s is not None:
        protocol = f"after {first.sustained_s:g} s without a pause; {protocol}"
    value = float(np.median([getattr(row, name) for row in own]))
    return Metric(value, first.source, protocol, first.licence)


def _int8(found: tuple[Quantised, ...], chip: str) -> Metric | None:
    """Choose one of a network's published figures: that of the chip, else one of no chip, else any."""
    if not found:
        return None
    here = [one for one in found if one.where == chip]
    anywhere = [one for one in found if not one.where]
    one = (here or anywhere or list(found))[0]
    note = [
        f"on {one.where}" if one.where else "",
        f"{one.float_top1:g}% in floats" if one.float_top1 is not None else "",
        f"{len(found) - 1} more published" if len(found) > 1 else "",
    ]
    return Metric(one.top1, one.source, one.precision, one.licence, ", ".join(filter(None, note)))
