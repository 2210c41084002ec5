"""The reference networks: every graph that comes with dsim and was measured on some bundled device, as each runtime runs it.

Graphs in a profile's own folder are no reference: they are designs that one machine timed, and no other profile finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.device.profile import DeviceProfile, Measurement
from dsim.graph.graph import Graph
from dsim.graph.key import NetworkKey
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.kept import kept_arrays
from dsim.latency.methods.few_shot.shipped import shipped
from dsim.latency.methods.pooled.evidence import family_of
from dsim.latency.networks import read_networks, shared_keys, stored


@dataclass(frozen=True)
class Reference:
    """Networks (N,) that every device is asked about.

    Attributes
    ----------
    keys, families
        (N,) keys of the graphs, and their families.
    macs
        (N,) multiply-accumulates.
    at
        Place of each key.
    """

    keys: tuple[str, ...]
    families: NDArray[np.str_]
    macs: FloatArray

    @property
    def at(self) -> dict[str, int]:
        """Return the place of each key."""
        return {key: n for n, key in enumerate(self.keys)}


@dataclass(frozen=True)
class Seen:
    """The reference networks after one runtime's passes: fine vectors (N, F), roofline vectors (N, R)."""

    fine: FloatArray
    roofline: FloatArray


def measured_ms(profile: DeviceProfile) -> dict[str, float]:
    """Return each network's milliseconds in the reference protocol, inside the profile's resolutions, cliffs left out."""
    rows = (row for row in profile.networks if row.graph and profile.is_reference(row))
    return medians(row for row in rows if profile.low_px <= NetworkKey.of(row.graph).px <= profile.high_px)


def medians(rows: Iterable[Measurement]) -> dict[str, float]:
    """Return each network's milliseconds, cliffs left out; one timed twice counts once, by its median."""
    found: dict[str, list[float]] = {}
    for row in rows:
        if row.graph and row.counts and not row.cliff:
            found.setdefault(row.graph, []).append(row.latency_ms)
    return {key: float(np.exp(np.median(np.log(values)))) for key, values in sorted(found.items())}


@lru_cache(maxsize=1)
def reference() -> Reference:
    """Return the reference networks, as they come with dsim or read anew."""
    ready = shipped()
    if ready is None:
        return read_reference()
    return Reference(ready.keys, np.array([family_of(key, key) for key in ready.keys]), ready.macs)


def read_reference() -> Reference:
    """Read which networks were measured on the bundled devices."""
    timed = {key for name in bundled_names() for key in measured_ms(bundled_profile(name))}
    keys = sorted(timed & shared_keys())
    graphs = stored(keys)
    macs = np.array([sum(op.macs for op in graphs[key].ops) for key in keys], dtype=np.float64)
    return Reference(tuple(keys), np.array([family_of(key, key) for key in keys]), macs)


def fine_vectors(passes: tuple[str, ...]) -> FloatArray:
    """Return the fine vectors (N, F) of the reference networks after some passes, as they come with dsim or read anew."""
    ready = shipped()
    return seen_by(passes).fine if ready is None or passes not in ready.vectors else ready.vectors[passes]


@lru_cache(maxsize=8)
def seen_by(passes: tuple[str, ...]) -> Seen:
    """Return the reference networks as a runtime with these passes runs them, from the cache or read anew."""
    keys = reference().keys

    def read() -> dict[str, FloatArray]:
        return vars(read_seen(keys, passes))

    return Seen(**kept_arrays(f"seen-{'-'.join(passes)}", (), keys, read))


def read_seen(keys: Sequence[str], passes: tuple[str, ...]) -> Seen:
    """Read networks as a runtime with these passes runs them."""
    # past the cache of read_networks: a thousand graphs must not stay in memory for two arrays
    networks = read_networks.__wrapped__(frozenset(keys), passes)
    return Seen(
        np.array([networks[key].facts.fine for key in keys]),
        np.array([networks[key].vector for key in keys]),
    )


@lru_cache(maxsize=1)
def reference_graphs() -> tuple[Graph, ...]:
    """Read the reference networks' graphs, before any pass."""
    graphs = stored(reference().keys)
    return tuple(graphs[key] for key in reference().keys)
