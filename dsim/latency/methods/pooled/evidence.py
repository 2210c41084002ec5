"""The evidence of a pool of profiles as arrays: one row a figure, one row a contrast."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.device.find import find_profile, pool_of
from dsim.device.profile import Contrast, DeviceProfile, Measurement
from dsim.errors import InvalidValueError
from dsim.graph.key import NetworkKey
from dsim.latency.evidence import Families, Figures, Keep, Predicted, Times, everything, kept_part
from dsim.latency.families import family_of
from dsim.latency.features import COLUMNS, FloatArray
from dsim.latency.lonely import lonely
from dsim.latency.maths.rounded import rounding_spread, widened
from dsim.latency.methods.pooled.rates import PoolRates
from dsim.latency.networks import Network, own_graphs, read_networks
from dsim.latency.pricing import Pricing

# figures above this resolution are not learned from
FIT_PX = 512
PHONE_SD = 0.3
PACE_SD = 1.5
PROTOCOL_SD = 0.2
LAB_SD = 0.06
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PooledEvidence:
    """Figures and contrasts of a pool.

    Attributes
    ----------
    profiles
        The pool, in order of name; the first is the base that the others' phone effects are relative to.
    index
        Place of the profile that prices are learned for.
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
    networks
        The networks that figures and contrasts name.
    contrasts, contrast_phi
        Contrasts with graphs, and their vectors (C, 2, F); ``contrast_family`` holds the families on both sides.
    start
        The evidence of the donor that the pool starts from; None where it starts from nominal rates.
    """

    profiles: tuple[DeviceProfile, ...]
    index: int
    rows: tuple[tuple[int, Measurement], ...]
    phi: FloatArray
    family: Families
    effects: FloatArray
    effect_sd: FloatArray
    effect_names: tuple[str, ...]
    weight: FloatArray
    networks: Mapping[str, Network]
    contrasts: tuple[tuple[int, Contrast], ...] = ()
    contrast_phi: FloatArray = field(default_factory=lambda: np.zeros((0, 2, len(COLUMNS))))
    contrast_family: tuple[frozenset[str], ...] = ()
    start: PooledEvidence | None = None

    @property
    def profile(self) -> DeviceProfile:
        """Whom prices are learned for."""
        return self.profiles[self.index]

    @property
    def families(self) -> tuple[str, ...]:
        """Names of the families that prices are learned from, in alphabetical order."""
        return tuple(sorted({str(name) for name in self.family[self.learnable]}))

    @cached_property
    def log_ms(self) -> FloatArray:
        """Logarithms of the measured milliseconds (N,)."""
        return np.log([row.latency_ms for _, row in self.rows])

    @cached_property
    def rounding(self) -> FloatArray:
        """Log-spread that rounding adds to each row (N,)."""
        return rounding_spread([row for _, row in self.rows])

    @cached_property
    def learnable(self) -> BoolArray:
        """Rows that may be learned from: no cliff, not above FIT_PX (N,)."""
        return np.array(
            [not row.cliff and NetworkKey.of(row.graph).px <= FIT_PX for _, row in self.rows], dtype=bool
        )

    @cached_property
    def inside(self) -> BoolArray:
        """Rows inside their profile's resolutions (N,)."""
        return np.array([_inside(self.profiles[i], row) for i, row in self.rows], dtype=bool)

    @cached_property
    def reference(self) -> BoolArray:
        """Rows timed in their profile's reference protocol (N,)."""
        return np.array([self.profiles[p].is_reference(row) for p, row in self.rows], dtype=bool)

    @cached_property
    def owner(self) -> NDArray[np.int64]:
        """Place of each row's profile (N,)."""
        return np.array([i for i, _ in self.rows], dtype=np.int64)

    @cached_property
    def figures(self) -> Figures:
        """Every row, to be held out and predicted; those of one network on one phone count as one."""
        items = [(i, row.graph, row.cliff) for i, row in self.rows]
        place = {item: n for n, item in enumerate(sorted(set(items)))}
        alone = lonely(self.networks)
        return Figures(
            tuple(row.graph for _, row in self.rows),
            self.family,
            self.owner,
            self.log_ms,
            np.array([place[item] for item in items], dtype=np.int64),
            tuple(row.cliff for _, row in self.rows),
            self.reference,
            self.reference & self.learnable & self.inside,
            np.array([row.graph not in alone for _, row in self.rows], dtype=bool),
        )

    def phone_effects(self, index: int) -> FloatArray:
        """Return the effects (G,) that stand for a profile's reference protocol: its phone factor alone."""
        name = f"phone:{self.profiles[index].name}"
        return np.array([float(known == name) for known in self.effect_names])

    def left(self, times: Times) -> int:
        """Return how many rows are left to learn from, here or at a donor, whichever has fewer."""
        here = int((times.counts(self.family) > 0).sum())
        return here if self.start is None else min(here, self.start.left(times))

    def drawn(self, times: Times) -> PooledEvidence:
        """Return the evidence with rows as often as their families count."""
        rows = times.rows(self.family)
        keep = np.array(
            [times.keep_contrasts or all(times.of(name) for name in both) for both in self.contrast_family],
            dtype=bool,
        )
        return replace(
            self,
            rows=tuple(self.rows[n] for n in rows),
            phi=self.phi[rows],
            family=self.family[rows],
            effects=self.effects[rows],
            weight=self.weight[rows],
            contrasts=tuple(one for one, kept in zip(self.contrasts, keep, strict=True) if kept),
            contrast_phi=self.contrast_phi[keep],
            contrast_family=tuple(one for one, kept in zip(self.contrast_family, keep, strict=True) if kept),
        )

    def predict(self, pricing: Pricing, rows: NDArray[np.int64]) -> Predicted:
        """Return what prices say of some rows (n,), each on its own phone."""
        assert isinstance(pricing, PoolRates)
        log, spread, protocol = (np.empty(len(rows)) for _ in range(3))
        for owner in np.unique(self.owner[rows]):
            at = np.flatnonzero(self.owner[rows] == owner)
            log[at], spread[at] = pricing.member(int(owner)).log_ms(self.phi[rows[at]])
            rest = self.effects[rows[at]] - self.phone_effects(int(owner))
            protocol[at] = rest @ pricing.effects
        return Predicted(log, np.asarray(widened(spread, self.rounding[rows])), protocol)


def _inside(profile: DeviceProfile, row: Measurement) -> bool:
    return profile.low_px <= NetworkKey.of(row.graph).px <= profile.high_px


def gather(profile: DeviceProfile, keep: Keep = everything) -> PooledEvidence:
    """Collect the evidence of a profile's pool, and of the donor that it starts from.

    Raises
    ------
    FileFormatError
        A profile names a graph that is neither bundled nor in its own ``graphs.parquet``.
    InvalidValueError
        The pool's profiles do not run the same graph passes, so their kernels are not the same.
    """
    profiles = tuple(kept_part(one, keep) for one in pool_of(profile))
    if any(one.passes != profile.passes for one in profiles):
        raise InvalidValueError(
            f"profiles of one pool must list the same passes, got {[list(p.passes) for p in profiles]}; "
            "give them pools of their own"
        )
    networks = networks_of(profiles)
    vectors = {key: network.vector for key, network in networks.items()}
    rows = tuple((i, row) for i, p in enumerate(profiles) for row in p.networks if row.graph and row.counts)
    contrasts = tuple((i, c) for i, p in enumerate(profiles) for c in p.contrasts if c.graph_a and c.graph_b)
    names, design, sd = _effects(profiles, rows)
    times = Counter(row.graph for _, row in rows if not row.cliff)
    pairs = np.array([[vectors[c.graph_a], vectors[c.graph_b]] for _, c in contrasts])
    return PooledEvidence(
        profiles,
        [one.name for one in profiles].index(profile.name),
        rows,
        np.array([vectors[row.graph] for _, row in rows]).reshape(-1, len(COLUMNS)),
        np.array([family_of(row.graph, profiles[i].name) for i, row in rows], dtype=np.str_),
        design,
        sd,
        names,
        np.array([2.0 / (1.0 + times[row.graph]) for _, row in rows]),
        networks,
        contrasts,
        pairs.reshape(-1, 2, len(COLUMNS)),
        tuple(
            frozenset(family_of(k, profiles[i].name) for k in (c.graph_a, c.graph_b)) for i, c in contrasts
        ),
        _start(profile.donor, keep) if profile.donor else None,
    )


@lru_cache(maxsize=8)
def _start(donor: str, keep: Keep) -> PooledEvidence:
    return gather(find_profile(donor), keep)


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
