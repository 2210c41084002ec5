"""Learn a profile with hundreds of networks: rates, correction, intervals, and what can be told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile, Measurement
from dsim.latency.calibrate import Calibration, calibrate
from dsim.latency.cliffs import no_cliffs
from dsim.latency.coverage import cover
from dsim.latency.evidence import family_of
from dsim.latency.features import FloatArray
from dsim.latency.fine.costs import total
from dsim.latency.fine.identify import identify_fine
from dsim.latency.fine.prior import Regime
from dsim.latency.fine.rates import learn_rates
from dsim.latency.lonely import lonely
from dsim.latency.model import LatencyModel
from dsim.latency.networks import read_networks
from dsim.latency.scoring import Held

GROUPS = 10  # families are held out in this many groups of equal size
CONFIDENCE = 0.9


@dataclass(frozen=True)
class FineEvidence:
    """A profile's networks as arrays: (N, F) vectors, (N,) log milliseconds, families; one row a network.

    ``lonely`` names networks with an operator that only their own family holds.
    """

    profile: DeviceProfile
    rows: tuple[Measurement, ...]
    phi: FloatArray
    log_ms: FloatArray
    family: NDArray[np.str_]
    lonely: frozenset[str]

    @property
    def regime(self) -> Regime:
        """What kind of stack it is."""
        return regime_of(self.profile)


def regime_of(profile: DeviceProfile) -> Regime:
    """Tell a profile's kind of stack from what it says of itself."""
    if profile.measures == "latency":
        return Regime.CPU
    return Regime.EAGER if "eager" in profile.runtime else Regime.COMPILED


def gather_fine(profile: DeviceProfile) -> FineEvidence:
    """Collect a profile's networks; a network timed twice counts once, by its median.

    Raises
    ------
    FileFormatError
        A network's graph is stored nowhere.
    """
    by_graph: dict[str, list[Measurement]] = {}
    for row in profile.networks:
        if row.graph and row.counts and not row.cliff:
            by_graph.setdefault(row.graph, []).append(row)
    extra = (profile.folder / "graphs.parquet",)
    networks = read_networks(frozenset(by_graph), profile.passes, tuple(p for p in extra if p.exists()))
    keys = sorted(by_graph)
    return FineEvidence(
        profile,
        tuple(by_graph[key][0] for key in keys),
        np.array([total(networks[key].run) for key in keys]),
        np.array([np.median(np.log([row.latency_ms for row in by_graph[key]])) for key in keys]),
        np.array([family_of(key, profile.name) for key in keys]),
        lonely(networks),
    )


def family_groups(family: NDArray[np.str_], count: int = GROUPS) -> NDArray[np.int64]:
    """Deal families (N,) into groups of about equal size, whole; deterministic."""
    names, sizes = np.unique(family, return_counts=True)
    load, group = np.zeros(count), {}
    for at in np.argsort(-sizes, kind="stable"):
        group[str(names[at])] = int(load.argmin())
        load[load.argmin()] += sizes[at]
    return np.array([group[name] for name in family])


def hold_out_rows(evidence: FineEvidence) -> tuple[FloatArray, FloatArray]:
    """Give log milliseconds (N,) and spread (N,) of every network by a model that never saw its family."""
    groups = family_groups(evidence.family)
    log, spread = np.empty(len(groups)), np.empty(len(groups))
    for group in np.unique(groups):
        out = groups == group
        rates = learn_rates(evidence.phi[~out], evidence.log_ms[~out], evidence.family[~out], evidence.regime)
        log[out], spread[out] = rates.log_ms(evidence.phi[out])
    return log, spread


def fit_fine_model(profile: DeviceProfile) -> LatencyModel:
    """Fit one profile from its own networks; deterministic."""
    evidence = gather_fine(profile)
    rates = learn_rates(evidence.phi, evidence.log_ms, evidence.family, evidence.regime)
    log, spread = hold_out_rows(evidence)
    networks = read_networks(frozenset(row.graph for row in evidence.rows), profile.passes)
    return LatencyModel(
        profile.name,
        profile.passes,
        profile.low_px,
        profile.high_px,
        rates,
        _calibrated((evidence.log_ms - log) / spread, evidence.family),
        no_cliffs(),
        cover((family_of(key, key), network.kinds) for key, network in networks.items()),
        identify_fine(evidence.phi, evidence.log_ms, evidence.family, evidence.regime, profile.passes),
    )


def hold_out_fine(profile: DeviceProfile) -> tuple[Held, ...]:
    """Predict every network without its family; intervals come from the errors of other families."""
    evidence = gather_fine(profile)
    log, spread = hold_out_rows(evidence)
    errors = (evidence.log_ms - log) / spread
    rest = (1.0 - CONFIDENCE) / 2.0
    out = []
    for family in np.unique(evidence.family):
        own = evidence.family == family
        known = _calibrated(errors[~own], evidence.family[~own])
        low, middle, high = (known.quantile(level) for level in (rest, 0.5, 1.0 - rest))
        for n in np.flatnonzero(own):
            px = int(evidence.rows[n].graph.partition("@")[2])
            inside = profile.low_px <= px <= profile.high_px
            out.append(
                Held(
                    profile.name,
                    evidence.rows[n].graph,
                    str(family),
                    float(np.exp(evidence.log_ms[n])),
                    float(np.exp(log[n] + middle * spread[n])),
                    float(np.exp(log[n] + low * spread[n])),
                    float(np.exp(log[n] + high * spread[n])),
                    "",
                    "inside" if inside else "other",
                    evidence.rows[n].graph not in evidence.lonely,
                )
            )
    return tuple(out)


def _calibrated(errors: FloatArray, family: NDArray[np.str_]) -> Calibration:
    return calibrate(errors, family, np.zeros(len(errors), dtype=np.int64), 0)
