"""The reference networks: every graph that comes with dsim and was measured on some bundled device, as each runtime runs it.

Graphs in a profile's own folder are no reference: they are designs that one machine timed, and no other profile finds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from numpy.typing import NDArray

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.device.profile import DeviceProfile, Measurement
from dsim.graph.graph import Graph
from dsim.graph.key import NetworkKey
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.kept import kept_arrays
from dsim.latency.methods.few_shot.shipped import BOARDS, shipped
from dsim.latency.networks import Network, read_networks, shared_keys, stored


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
    profiles = (bundled_profile(name) for name in bundled_names())
    timed = {key for profile in profiles if profile.group != BOARDS for key in measured_ms(profile)}
    keys = sorted(timed & shared_keys())
    graphs = stored(keys)
    macs = np.array([sum(op.macs for op in graphs[key].ops) for key in keys], dtype=np.float64)
    return Reference(tuple(keys), np.array([family_of(key, key) for key in keys]), macs)


def fine_vectors(passes: tuple[str, ...]) -> FloatArray:
    """Return the fine vectors (N, F) of the reference networks after some passes, as they come with dsim or read anew."""
    ready = shipped()
    return _fine_vectors(passes) if ready is None or passes not in ready.vectors else ready.vectors[passes]


@lru_cache(maxsize=8)
def _fine_vectors(passes: tuple[str, ...]) -> FloatArray:
    keys = reference().keys
    name = f"seen-{'-'.join(passes)}"
    return kept_arrays(name, (), keys, lambda: {"fine": read_fine(keys, passes)})["fine"]


def read_fine(keys: Sequence[str], passes: tuple[str, ...]) -> FloatArray:
    """Read the fine vectors (n, F) of some networks after some passes, whatever comes with dsim."""
    # past the cache of read_networks: a thousand graphs must not stay in memory for one array
    networks = read_networks.__wrapped__(frozenset(keys), passes)
    return np.array([networks[key].facts.fine for key in keys])


@lru_cache(maxsize=1)
def networks_after(passes: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the reference networks (N,) as a runtime with these passes runs them; those of one runtime at a time."""
    known = read_networks.__wrapped__(frozenset(reference().keys), passes)
    return tuple(replace(known[key], source=partial(_graph, key)) for key in reference().keys)


def _graph(key: str) -> Graph:
    return _graphs()[key]


@lru_cache(maxsize=1)
def _graphs() -> dict[str, Graph]:
    return stored(reference().keys)
