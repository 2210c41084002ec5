"""How good the estimates are on families that were never trained on.

Each family is held out on all phones and sources at once. A network counts once per phone: its figure is the median of
what the sources say in the reference protocol. Intervals use the errors of the other families only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from dsim.device.find import find_profile, pool_of
from dsim.graph.key import NetworkKey
from dsim.latency.calibrate import calibrate_for, network_errors
from dsim.latency.lonely import lonely
from dsim.latency.methods.pooled.adapted import belief_of
from dsim.latency.methods.pooled.ensemble import HeldOut, fit_members, hold_out, rates_of
from dsim.latency.methods.pooled.evidence import Evidence, gather, networks_of
from dsim.latency.scoring import Coverage, Held, HeldContrast, Score, coverage, score
from dsim.threads import one_blas_thread

__all__ = [
    "Coverage",
    "Held",
    "HeldContrast",
    "Score",
    "Validation",
    "held_contrasts",
    "held_networks",
    "validate",
]

CONFIDENCE = 0.9
HIGH_PX = 512


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


@one_blas_thread()
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
    held = hold_out(evidence, belief=belief_of(profile))
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
    """Return every network in its profile's reference protocol; figures with a cliff are networks of their own."""
    ends = _Ends(evidence, held)
    alone = lonely(networks_of(evidence.profiles))
    found: dict[tuple[int, str, str], list[int]] = defaultdict(list)
    for n in np.flatnonzero(evidence.reference):
        profile, row = evidence.rows[n]
        found[profile, row.graph, row.cliff].append(int(n))
    out = []
    for (profile, graph, cliff), rows in sorted(found.items()):
        family = str(evidence.family[rows[0]])
        low, middle, high = ends.of(profile, family)
        log, spread = held.reference_log[rows[0]], held.spread[rows[0]]
        measured = float(np.exp(np.median(evidence.log_ms[rows])))
        px = NetworkKey.of(graph).px
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
                graph not in alone,
            )
        )
    return out


class _Ends:
    """Ends and middle of the standardised interval for a family, from the errors of the other families."""

    def __init__(self, evidence: Evidence, held: HeldOut) -> None:
        self._about = evidence.profiles
        usable = evidence.reference & evidence.learnable & evidence.inside
        self._errors, self._families, keys = network_errors(evidence, held, usable)
        self._owner = np.array([profile for profile, _ in keys])
        self._known: dict[tuple[int, str], tuple[float, float, float]] = {}

    def of(self, profile: int, family: str) -> tuple[float, float, float]:
        """Return (low, middle, high) for one profile."""
        if (profile, family) not in self._known:
            keep = self._families != family
            known = calibrate_for(
                self._about[profile], self._errors[keep], self._families[keep], self._owner[keep], profile
            )
            rest = (1.0 - CONFIDENCE) / 2.0
            self._known[profile, family] = (
                known.quantile(rest),
                known.quantile(0.5),
                known.quantile(1.0 - rest),
            )
        return self._known[profile, family]


def _all_protocols(evidence: Evidence, held: HeldOut, device: str, inside: bool = True) -> list[Held]:
    """Return every network on one phone, inside its resolutions or at 512 px, by its median error over all protocols."""
    found: dict[str, list[int]] = defaultdict(list)
    for n, (profile, row) in enumerate(evidence.rows):
        about, px = evidence.profiles[profile], NetworkKey.of(row.graph).px
        wanted = about.low_px <= px <= about.high_px if inside else px == HIGH_PX
        if about.name == device and not row.cliff and wanted:
            found[row.graph].append(n)
    out = []
    ends = _Ends(evidence, held)
    for graph, rows in sorted(found.items()):
        family, band = str(evidence.family[rows[0]]), "inside" if inside else "512 px"
        _, middle, _ = ends.of(evidence.rows[rows[0]][0], family)
        shift = middle * held.spread[rows]
        ratio = float(np.exp(np.median(evidence.log_ms[rows] - held.protocol_log[rows] - shift)))
        predicted = float(np.exp(held.reference_log[rows[0]] + shift[0]))
        out.append(
            Held(device, graph, family, predicted * ratio, predicted, float("nan"), float("nan"), "", band)
        )
    return out


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
