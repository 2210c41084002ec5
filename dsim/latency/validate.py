"""How good the estimates are on families that were never trained on.

Each family is held out on all phones and sources at once. A network counts once per phone: its figure is the median of
what the sources say in the reference protocol. Intervals use the errors of the other families only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from dsim.device.find import find_profile, pool_of
from dsim.latency.calibrate import calibrate, network_errors
from dsim.latency.ensemble import HeldOut, fit_members, hold_out, rates_of
from dsim.latency.evidence import Evidence, gather
from dsim.latency.features import FloatArray

CONFIDENCE = 0.9
BOOTSTRAPS = 2000
HIGH_PX = 512


@dataclass(frozen=True, slots=True)
class Held:
    """One network on one phone, predicted without its family.

    Attributes
    ----------
    device, graph, family
        Profile, ``name@resolution``, family.
    measured_ms, predicted_ms, low_ms, high_ms
        Median of the figures; estimate and 90% interval, in the reference protocol.
    cliff
        Evidence that it left the accelerator, else empty.
    band
        ``inside`` the profile's resolutions, ``512 px`` or ``other``.
    """

    device: str
    graph: str
    family: str
    measured_ms: float
    predicted_ms: float
    low_ms: float
    high_ms: float
    cliff: str
    band: str

    @property
    def error(self) -> float:
        """Predicted over measured, minus 1."""
        return self.predicted_ms / self.measured_ms - 1.0

    @property
    def covered(self) -> bool:
        """Whether the interval holds the figure."""
        return self.low_ms <= self.measured_ms <= self.high_ms


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of several networks, in percent; ``width`` is the median of high over low."""

    networks: int
    families: int
    mean: float
    median: float
    within_10: float
    within_20: float
    spearman: float
    coverage: float
    width: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share (percent) of networks inside their 90% interval, with a 95% interval from bootstraps of families."""

    networks: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class HeldContrast:
    """A published pair against its prediction by a model that saw neither family nor the pair."""

    device: str
    choice: str
    what: str
    measured_ratio: float
    predicted_ratio: float


@dataclass(frozen=True)
class Validation:
    """Everything that `validate` finds for a device.

    Attributes
    ----------
    device
        Profile.
    networks
        Every network of the pool in its reference protocol, held out.
    clean, with_cliffs
        Scores of the device in its reference protocol, inside its resolutions, without and with cliffs.
    all_protocols, high_resolution
        Scores of every figure on that phone in whatever protocol, with effects learned from other families, without
        cliffs: inside its resolutions, and at 512 px (None where there is none).
    by_family
        Scores by family, inside the resolutions, without cliffs.
    pooled_coverage
        Over all profiles of the pool, inside the resolutions, without cliffs.
    contrasts
        Held-out contrasts of the pool.
    """

    device: str
    networks: tuple[Held, ...]
    clean: Score
    with_cliffs: Score
    all_protocols: Score
    high_resolution: Score | None
    by_family: dict[str, Score]
    pooled_coverage: Coverage
    contrasts: tuple[HeldContrast, ...]


def validate(device: str) -> Validation:
    """Hold out every family in turn and score what is predicted for it.

    Parameters
    ----------
    device
        Name of a profile.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    """
    profile = find_profile(device)
    evidence = gather(pool_of(profile))
    held = hold_out(evidence)
    networks = held_networks(evidence, held)
    own = [n for n in networks if n.device == profile.name]
    clean = [n for n in own if n.band == "inside" and not n.cliff]
    high = _all_protocols(evidence, held, profile.name, inside=False)
    pooled = [n for n in networks if n.band == "inside" and not n.cliff]
    families = sorted({n.family for n in clean})
    return Validation(
        profile.name,
        tuple(networks),
        score(clean),
        score([n for n in own if n.band == "inside"]),
        score(_all_protocols(evidence, held, profile.name)),
        score(high) if high else None,
        {family: score([n for n in clean if n.family == family]) for family in families},
        coverage(pooled),
        held_contrasts(evidence),
    )


def held_networks(evidence: Evidence, held: HeldOut) -> list[Held]:
    """Give every network in its profile's reference protocol; figures with a cliff are networks of their own."""
    usable = evidence.reference & evidence.learnable & evidence.inside
    errors, families, keys = network_errors(evidence, held, usable)
    owner = np.array([profile for profile, _ in keys])
    found: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for n in np.flatnonzero(evidence.reference):
        profile, row = evidence.rows[n]
        found[profile, row.graph, row.cliff].append(int(n))
    ends: dict[tuple[int, str], tuple[float, float, float]] = {}
    out = []
    rest = (1.0 - CONFIDENCE) / 2.0
    for (profile, graph, cliff), rows in sorted(found.items()):
        family = str(evidence.family[rows[0]])
        if (profile, family) not in ends:
            keep = families != family
            known = calibrate(errors[keep], families[keep], owner[keep], profile)
            ends[profile, family] = (known.quantile(rest), known.quantile(0.5), known.quantile(1.0 - rest))
        low, middle, high = ends[profile, family]
        log, spread = held.reference_log[rows[0]], held.spread[rows[0]]
        measured = float(np.exp(np.median(evidence.log_ms[rows])))
        px = int(graph.partition("@")[2])
        about = evidence.profiles[profile]
        band = "inside" if about.low_px <= px <= about.high_px else "512 px" if px == HIGH_PX else "other"
        out.append(
            Held(
                about.name,
                graph,
                family,
                measured,
                float(np.exp(log + middle * spread)),
                float(np.exp(log + low * spread)),
                float(np.exp(log + high * spread)),
                cliff,
                band,
            )
        )
    return out


def _all_protocols(evidence: Evidence, held: HeldOut, device: str, inside: bool = True) -> list[Held]:
    """Give every network on one phone, inside its resolutions or at 512 px, by its median error over all protocols."""
    found: dict[str, list[int]] = defaultdict(list)
    for n, (profile, row) in enumerate(evidence.rows):
        about, px = evidence.profiles[profile], int(row.graph.partition("@")[2])
        wanted = about.low_px <= px <= about.high_px if inside else px == HIGH_PX
        if about.name == device and not row.cliff and wanted:
            found[row.graph].append(n)
    out = []
    for graph, rows in sorted(found.items()):
        ratio = float(np.exp(np.median(evidence.log_ms[rows] - held.protocol_log[rows])))
        predicted = float(np.exp(held.reference_log[rows[0]]))
        family, band = str(evidence.family[rows[0]]), "inside" if inside else "512 px"
        out.append(
            Held(device, graph, family, predicted * ratio, predicted, float("nan"), float("nan"), "", band)
        )
    return out


def score(networks: list[Held]) -> Score:
    """Score networks; percent."""
    error = np.abs([n.error for n in networks]) * 100.0
    measured, predicted = (
        np.array([getattr(n, k) for n in networks]) for k in ("measured_ms", "predicted_ms")
    )
    return Score(
        len(networks),
        len({n.family for n in networks}),
        float(error.mean()),
        float(np.median(error)),
        float(np.mean(error <= 10.0) * 100.0),
        float(np.mean(error <= 20.0) * 100.0),
        spearman(measured, predicted),
        float(np.mean([n.covered for n in networks]) * 100.0),
        float(np.median([n.high_ms / n.low_ms for n in networks])),
    )


def spearman(a: FloatArray, b: FloatArray) -> float:
    """Give the rank correlation of two arrays (N,), with ties at their mean rank; nan below three."""
    if len(a) < 3:
        return float("nan")
    ranks = [np.array([np.mean(np.flatnonzero(np.sort(v) == x)) for x in v]) for v in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def coverage(networks: list[Held]) -> Coverage:
    """Give the share inside the interval, with a 95% interval over families drawn with replacement."""
    by_family: dict[str, list[bool]] = defaultdict(list)
    for network in networks:
        by_family[network.family].append(network.covered)
    hits = np.array([sum(v) for v in by_family.values()])
    sizes = np.array([len(v) for v in by_family.values()])
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(hits), size=(BOOTSTRAPS, len(hits)))
    shares = hits[drawn].sum(1) / sizes[drawn].sum(1) * 100.0
    low, high = (float(v) for v in np.quantile(shares, (0.025, 0.975)))
    return Coverage(int(sizes.sum()), float(hits.sum() / sizes.sum() * 100.0), low, high)


def held_contrasts(evidence: Evidence) -> tuple[HeldContrast, ...]:
    """Predict every contrast with a model that saw neither its families nor itself."""
    out = []
    for n, (profile, contrast) in enumerate(evidence.contrasts):
        families = evidence.contrast_family[n]
        rows = evidence.learnable & ~np.isin(evidence.family, list(families))
        allowed = np.array([not families & other for other in evidence.contrast_family], dtype=bool)
        fits = fit_members(evidence, rows, contrasts=allowed)
        log, _ = rates_of(evidence, fits, profile).log_ms(evidence.contrast_phi[n])
        out.append(
            HeldContrast(
                evidence.profiles[profile].name,
                contrast.choice,
                contrast.what,
                contrast.b_ms / contrast.a_ms,
                float(np.exp(log[1] - log[0])),
            )
        )
    return tuple(out)
