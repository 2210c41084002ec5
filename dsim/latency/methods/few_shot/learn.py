"""Learn a profile from a handful of networks and all other devices, and hold its families out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.device.find import pool_of
from dsim.device.profile import DeviceProfile
from dsim.graph.key import NetworkKey
from dsim.latency.cliffs import fit_cliffs, no_cliffs, shifted
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.combine import believe, combine
from dsim.latency.methods.few_shot.distil import distil
from dsim.latency.methods.few_shot.errors import calibration_for
from dsim.latency.methods.few_shot.own import Own, gather_own
from dsim.latency.methods.few_shot.reference import measured_ms, medians
from dsim.latency.methods.few_shot.teachers import donor_named
from dsim.latency.methods.fine.correct import places
from dsim.latency.methods.fine.evidence import regime_of
from dsim.latency.methods.fine.rates import FineRates
from dsim.latency.methods.pooled.evidence import family_of, gather
from dsim.latency.model import LatencyModel
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.scoring import Held
from dsim.latency.seen import Coverage, cover
from dsim.threads import one_blas_thread

LEAST = 3  # networks that few-shot learning needs
NEAR = 5  # donors whose measured networks are said again exactly


def learn_few(own: Own, keep: NDArray[np.bool_] | None = None) -> FineRates:
    """Learn from the measured networks (n,) that are kept, default all."""
    use = np.ones(len(own.measured), dtype=bool) if keep is None else keep
    measured = own.measured[use]
    prior = believe(own.table, places(own.vectors, own.log_rate), measured, own.log_ms[use])
    said = combine(prior, measured, own.log_ms[use])
    near = [str(own.names[d]) for d in np.argsort(prior.error, kind="stable")[:NEAR]]
    timed = {key for name in near for key in measured_ms(donor_named(name))}
    exact = [n for n, key in enumerate(own.keys) if key in timed]
    regime = regime_of(donor_named(str(own.names[own.lead])))
    return distil(own.vectors, said, regime, measured, np.union1d(exact, measured).astype(np.int64))


@one_blas_thread()
def fit_few_shot_model(profile: DeviceProfile) -> LatencyModel:
    """Fit a profile with a handful of networks; deterministic.

    Raises
    ------
    FileFormatError
        A network's graph is stored nowhere.
    """
    own = gather_own(profile)
    donor = donor_named(profile.donor)
    neural = donor.method in ("roofline", "adapted")
    return LatencyModel(
        profile.name,
        profile.passes,
        profile.low_px,
        profile.high_px,
        learn_few(own),
        calibration_for(len(own.measured)),
        shifted(fit_cliffs(gather(pool_of(donor))) if neural else no_cliffs(), *_outcomes(profile)),
        _covered(profile, donor),
        (),  # a handful of networks tells no two options apart
    )


def _outcomes(profile: DeviceProfile) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Return vectors (n, F) of the device's own networks, and whether each left the accelerator (n,); once each."""
    seen = sorted({(row.graph, bool(row.cliff)) for row in profile.networks if row.graph and row.counts})
    networks = read_networks(frozenset(key for key, _ in seen), profile.passes, own_graphs((profile,)))
    return np.array([networks[key].vector for key, _ in seen]), np.array([fell for _, fell in seen])


def _covered(profile: DeviceProfile, donor: DeviceProfile) -> Coverage:
    """Tell kernels of the device's own networks from those that only its donor ran."""
    extra = own_graphs((profile, donor))
    figures, theirs = medians(profile.networks), measured_ms(donor)
    networks = read_networks(frozenset(figures) | frozenset(theirs), profile.passes, extra)
    every = cover((family_of(key, key), network.kinds) for key, network in networks.items())
    own = cover((family_of(key, key), networks[key].kinds) for key in figures)
    return Coverage(own.seen, every.kinds, every.low, every.high, every.families)


@one_blas_thread()
def hold_out_few_shot(profile: DeviceProfile, confidence: float = 0.9) -> tuple[Held, ...]:
    """Predict every own network by what the device's other families, and all donors, say.

    Donors may have measured the family that is left out: it is the device that is new, not the network.
    """
    own = gather_own(profile)
    rest = (1.0 - confidence) / 2.0
    out = []
    for family in np.unique(own.families[own.measured]):
        left = own.families[own.measured] == family
        if (~left).sum() < LEAST:
            continue
        log, spread = learn_few(own, ~left).log_ms(own.vectors[own.measured[left]])
        known = calibration_for(int((~left).sum()))
        low, high = known.quantile(rest), known.quantile(1.0 - rest)
        for n, middle, wide in zip(np.flatnonzero(left), log, spread, strict=True):
            key = own.keys[own.measured[n]]
            inside = profile.low_px <= NetworkKey.of(key).px <= profile.high_px
            ends: tuple[FloatArray, ...] = tuple(np.exp([middle, middle + low * wide, middle + high * wide]))
            out.append(
                Held(
                    profile.name,
                    key,
                    str(family),
                    float(np.exp(own.log_ms[n])),
                    float(ends[0]),
                    float(ends[1]),
                    float(ends[2]),
                    "",
                    "inside" if inside else "other",
                )
            )
    return tuple(out)
