"""The evidence of a pool of profiles as arrays: one row a figure, one row a contrast."""

from __future__ import annotations

import csv
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import Contrast, DeviceProfile, Measurement
from dsim.graph.key import NetworkKey
from dsim.latency.features import COLUMNS, FloatArray
from dsim.latency.networks import Network, own_graphs, read_networks

DATA = Path(__file__).resolve().parents[3] / "data"
FAMILIES = DATA / "families.csv"
# figures above this resolution are not learned from
FIT_PX = 512
DESIGN, FOLDS = "design-", 8
PHONE_SD = 0.3
PACE_SD = 1.5
PROTOCOL_SD = 0.2
LAB_SD = 0.06
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Evidence:
    """Figures and contrasts of a pool.

    Attributes
    ----------
    profiles
        The pool, in order of name; the first is the base that the others' phone effects are relative to.
    rows
        (profile index, measurement) of every figure with a graph, cliffs included.
    phi
        (N, F) vectors of the rows.
    family
        Family of each row.
    effects
        (N, G) design of the effects, and ``effect_sd`` (G,) their prior spread; ``effect_names`` names them.
    weight
        (N,) so that a network counts at most twice, however often it was timed.
    contrasts, contrast_phi
        Contrasts with graphs, and their vectors (C, 2, F); ``contrast_family`` holds the families on both sides.
    """

    profiles: tuple[DeviceProfile, ...]
    rows: tuple[tuple[int, Measurement], ...]
    phi: FloatArray
    family: NDArray[np.str_]
    effects: FloatArray
    effect_sd: FloatArray
    effect_names: tuple[str, ...]
    weight: FloatArray
    contrasts: tuple[tuple[int, Contrast], ...] = ()
    contrast_phi: FloatArray = field(default_factory=lambda: np.zeros((0, 2, len(COLUMNS))))
    contrast_family: tuple[frozenset[str], ...] = ()

    @property
    def log_ms(self) -> FloatArray:
        """Logarithms of the measured milliseconds (N,)."""
        return np.log([row.latency_ms for _, row in self.rows])

    @property
    def learnable(self) -> BoolArray:
        """Rows that may be learned from: no cliff, not above FIT_PX (N,)."""
        return np.array([not row.cliff and _px(row.graph) <= FIT_PX for _, row in self.rows])

    @property
    def inside(self) -> BoolArray:
        """Rows inside their profile's resolutions (N,)."""
        return np.array([_inside(self.profiles[i], row) for i, row in self.rows])

    @property
    def reference(self) -> BoolArray:
        """Rows timed in their profile's reference protocol (N,)."""
        return np.array([self.profiles[p].is_reference(row) for p, row in self.rows])

    def phone_effects(self, index: int) -> FloatArray:
        """Return the effects (G,) that stand for a profile's reference protocol: its phone factor alone."""
        name = f"phone:{self.profiles[index].name}"
        return np.array([float(known == name) for known in self.effect_names])


def _inside(profile: DeviceProfile, row: Measurement) -> bool:
    return profile.low_px <= _px(row.graph) <= profile.high_px


def _px(key: str) -> int:
    return NetworkKey.of(key).px


@lru_cache(maxsize=1)
def load_families(path: Path = FAMILIES) -> dict[str, str]:
    """Read families.csv: graph name without resolution to family."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row["name"]: row["family"] for row in csv.DictReader(file)}


def family_of(key: str, where: str) -> str:
    """Return a graph's family; a network of the user's own that has none is a family of its own.

    Designs drawn from a search space are alike: they make up FOLDS families by chance, so that every one of them is judged
    by a model that learned from most of the others.

    Raises
    ------
    FileFormatError
        The key is not name@resolution.
    """
    name = NetworkKey.of(key, where).name
    if name.startswith(DESIGN):
        return f"designs, fold {zlib.crc32(name.encode()) % FOLDS + 1}"
    return load_families().get(name, name)


def gather(profiles: tuple[DeviceProfile, ...]) -> Evidence:
    """Collect a pool's evidence.

    Raises
    ------
    FileFormatError
        A profile names a graph that is neither bundled nor in its own ``graphs.parquet``.
    """
    vectors = {key: network.vector for key, network in networks_of(profiles).items()}
    rows = tuple((i, row) for i, p in enumerate(profiles) for row in p.networks if row.graph and row.counts)
    contrasts = tuple((i, c) for i, p in enumerate(profiles) for c in p.contrasts if c.graph_a and c.graph_b)
    family = np.array([family_of(row.graph, profiles[i].name) for i, row in rows])
    names, design, sd = _effects(profiles, rows)
    times = Counter(row.graph for _, row in rows if not row.cliff)
    return Evidence(
        profiles,
        rows,
        np.array([vectors[row.graph] for _, row in rows]),
        family,
        design,
        sd,
        names,
        np.array([2.0 / (1.0 + times[row.graph]) for _, row in rows]),
        contrasts,
        np.array([[vectors[c.graph_a], vectors[c.graph_b]] for _, c in contrasts]).reshape(
            -1, 2, len(COLUMNS)
        ),
        tuple(
            frozenset(family_of(k, profiles[i].name) for k in (c.graph_a, c.graph_b)) for i, c in contrasts
        ),
    )


def networks_of(profiles: tuple[DeviceProfile, ...]) -> dict[str, Network]:
    """Read every network that a pool's figures and contrasts name.

    Raises
    ------
    FileFormatError
        A profile names a graph that is neither bundled nor in its own ``graphs.parquet``.
    """
    wanted = {row.graph for p in profiles for row in p.networks if row.graph and row.counts}
    wanted |= {key for p in profiles for c in p.contrasts for key in (c.graph_a, c.graph_b) if key}
    return read_networks(frozenset(wanted), profiles[0].passes, own_graphs(profiles), profiles[0].batch)


def _effects(
    profiles: tuple[DeviceProfile, ...], rows: tuple[tuple[int, Measurement], ...]
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Design effects: a factor per phone, per other protocol, per laboratory; all relative to the references."""
    members: dict[str, set[int]] = defaultdict(set)
    spread: dict[str, float] = {}
    for n, (i, row) in enumerate(rows):
        profile = profiles[i]
        if profile.donor:
            # the donor is another chip: each profile has a pace of its own beside it
            members[f"phone:{profile.name}"].add(n)
            spread[f"phone:{profile.name}"] = PACE_SD
        elif i:
            members[f"phone:{profile.name}"].add(n)
            spread[f"phone:{profile.name}"] = PHONE_SD
        if profile.models[row.model] != profile.models[profile.reference_model]:
            members[f"model:{row.model}"].add(n)
            spread[f"model:{row.model}"] = PROTOCOL_SD
        if row.protocol != profile.reference_protocol:
            members[f"protocol:{row.protocol}"].add(n)
            spread[f"protocol:{row.protocol}"] = PROTOCOL_SD
        members[f"lab:{row.lab}:{profile.name}"].add(n)
        spread[f"lab:{row.lab}:{profile.name}"] = LAB_SD
    names = tuple(sorted(members))
    design = np.zeros((len(rows), len(names)))
    for g, name in enumerate(names):
        design[sorted(members[name]), g] = 1.0
    return names, design, np.array([spread[name] for name in names])
