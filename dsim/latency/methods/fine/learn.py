"""Learn a profile with hundreds of networks: rates, correction, intervals, and what can be told apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.device.profile import DeviceProfile
from dsim.graph.key import NetworkKey
from dsim.latency.calibrate import Calibration, calibrate
from dsim.latency.cliffs import no_cliffs
from dsim.latency.features import FloatArray
from dsim.latency.methods.fine.donor import donor_log_rate, stray
from dsim.latency.methods.fine.evidence import FineEvidence, gather_fine
from dsim.latency.methods.fine.identify import identify_fine
from dsim.latency.methods.fine.rates import FineRates, learn_rates
from dsim.latency.methods.pooled.evidence import family_of
from dsim.latency.model import LatencyModel
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.scoring import Held
from dsim.latency.seen import cover
from dsim.threads import one_blas_thread

GROUPS = 10  # families are held out in this many groups of equal size
CONFIDENCE = 0.9


def family_groups(family: NDArray[np.str_], count: int = GROUPS) -> NDArray[np.int64]:
    """Deal families (N,) into groups of about equal size, whole; deterministic."""
    names, sizes = np.unique(family, return_counts=True)
    load, group = np.zeros(count), {}
    for at in np.argsort(-sizes, kind="stable"):
        group[str(names[at])] = int(load.argmin())
        load[load.argmin()] += sizes[at]
    return np.array([group[name] for name in family])


def hold_out_rows(evidence: FineEvidence) -> tuple[FloatArray, FloatArray]:
    """Return log milliseconds (N,) and spread (N,) of every network by a model that never saw its family."""
    groups = family_groups(evidence.family)
    log, spread = np.empty(len(groups)), np.empty(len(groups))
    for group in np.unique(groups):
        out = groups == group
        rates = _learned(evidence, ~out)
        log[out], spread[out] = rates.log_ms(evidence.phi[out])
    return log, spread


def _learned(evidence: FineEvidence, keep: NDArray[np.bool_]) -> FineRates:
    """Learn from some rows (N,); a donor is learned without the families of the others."""
    donor = evidence.profile.donor
    without = frozenset(str(name) for name in evidence.family[~keep])
    centre = donor_log_rate(donor, without) if donor else None
    return learn_rates(
        evidence.phi[keep], evidence.log_ms[keep], evidence.family[keep], evidence.regime, centre, stray()
    )


@one_blas_thread()
def fit_fine_model(profile: DeviceProfile) -> LatencyModel:
    """Fit one profile from its own networks; deterministic."""
    evidence = gather_fine(profile)
    rates = _learned(evidence, np.ones(len(evidence.rows), dtype=bool))
    log, spread = hold_out_rows(evidence)
    networks = read_networks(
        frozenset(row.graph for row in evidence.rows), profile.passes, own_graphs((profile,))
    )
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


@one_blas_thread()
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
            px = NetworkKey.of(evidence.rows[n].graph).px
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
    """Make the distribution of standardised errors, as likely above as below.

    Rates of hundreds of networks have no bias to speak of, and the median over some twenty families would add its own.
    """
    both, names = np.concatenate([errors, -errors]), np.concatenate([family, family])
    return calibrate(both, names, np.zeros(len(both), dtype=np.int64), 0)
