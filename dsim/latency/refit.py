"""Learn a device's model anew from some of its families, or from families counted more than once.

What a conclusion owes to the families that happened to be measured shows when they are drawn again. Everything else of
the model (intervals, cliffs, coverage, verdicts on choices) stays that of the whole evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dsim.device import DeviceProfile, find_profile
from dsim.device.find import pool_of
from dsim.errors import InvalidValueError
from dsim.latency.device_model import DeviceModel
from dsim.latency.features import FloatArray
from dsim.latency.fit import load_model
from dsim.latency.methods.few_shot.learn import LEAST, learn_few
from dsim.latency.methods.few_shot.own import Own, gather_own
from dsim.latency.methods.fine.donor import donor_log_rate, stray
from dsim.latency.methods.fine.evidence import FineEvidence, gather_fine
from dsim.latency.methods.fine.rates import learn_rates
from dsim.latency.methods.operators.evidence import OpEvidence, gather_operators
from dsim.latency.methods.operators.learn import learn
from dsim.latency.methods.operators.model import OperatorModel
from dsim.latency.methods.pooled.adapted import belief_of
from dsim.latency.methods.pooled.ensemble import Belief, fit_members, rates_of
from dsim.latency.methods.pooled.evidence import Evidence, gather
from dsim.latency.model import LatencyModel
from dsim.threads import one_blas_thread

Times = Callable[[str], int]  # family -> how often it counts
Rows = NDArray[np.int64]


def families_of(device: str) -> tuple[str, ...]:
    """Return the families that a device's model learns from, its pool's included, in alphabetical order."""
    profile = find_profile(device)
    if profile.method == "operators":
        evidence = _operators(device)
        names = [*evidence.family, *evidence.families]
    elif profile.method == "fine":
        names = list(_fine(device).family)
    elif profile.method == "few-shot":
        own = _few(device)
        names = list(own.families[own.measured])
    else:
        pooled = _pooled(device)
        names = list(pooled.family[pooled.learnable])
    return tuple(sorted({str(name) for name in names}))


def can_refit(device: str, times: Times) -> bool:
    """Tell whether `refit` has enough to learn from, without learning."""
    profile = find_profile(device)
    if profile.method == "operators":
        return sum(times(str(name)) > 0 for name in _operators(device).family) >= LEAST
    if profile.method == "few-shot":
        own = _few(device)
        return sum(times(str(name)) > 0 for name in own.families[own.measured]) >= LEAST
    if profile.method == "fine":
        return sum(times(str(name)) > 0 for name in _fine(device).family) >= LEAST
    line = [profile]
    while line[-1].donor:
        line.append(find_profile(line[-1].donor))
    return all(sum(times(str(name)) > 0 for name in _pooled(p.name).family) >= LEAST for p in line)


@one_blas_thread()
def refit(device: str, times: Times) -> DeviceModel:
    """Learn a device's rates anew.

    Parameters
    ----------
    device
        Name of a profile.
    times
        How often each family counts; 0 leaves it out, on the device, in its pool and at its donor.

    Returns
    -------
    DeviceModel
        The device's model with new prices and everything else as it was, so that the difference between two such models
        is that of their prices.

    Raises
    ------
    InvalidValueError
        Too little is left to learn from.
    """
    profile, model = find_profile(device), load_model(device)
    if profile.method == "operators":
        assert isinstance(model, OperatorModel)
        return _refit_operators(model, _operators(device), times)
    assert isinstance(model, LatencyModel)
    if profile.method == "fine":
        return _refit_fine(model, _fine(device), times)
    if profile.method == "few-shot":
        return _refit_few(model, _few(device), times)
    return _refit_pooled(model, profile, times)


@lru_cache(maxsize=8)
def _pooled(device: str) -> Evidence:
    return gather(pool_of(find_profile(device)))


@lru_cache(maxsize=8)
def _fine(device: str) -> FineEvidence:
    return gather_fine(find_profile(device))


@lru_cache(maxsize=8)
def _operators(device: str) -> OpEvidence:
    return gather_operators(find_profile(device))


@lru_cache(maxsize=8)
def _few(device: str) -> Own:
    return gather_own(find_profile(device))


def _repeats(families: NDArray[np.str_], times: Times, device: str) -> Rows:
    """Return each row's index as often as its family counts."""
    counts = np.array([times(str(name)) for name in families], dtype=np.int64)
    rows = np.repeat(np.arange(len(families)), counts)
    if len(np.unique(rows)) < LEAST:
        raise InvalidValueError(
            f"{device} must keep at least {LEAST} measured networks to be learned from, got {len(np.unique(rows))} of "
            f"{len(families)}; leave fewer families out"
        )
    return rows


def _drawn(evidence: Evidence, rows: Rows) -> Evidence:
    """Return evidence with its rows drawn; contrasts are the device's own experiments and stay."""
    return replace(
        evidence,
        rows=tuple(evidence.rows[n] for n in rows),
        phi=evidence.phi[rows],
        family=evidence.family[rows],
        effects=evidence.effects[rows],
        weight=evidence.weight[rows],
    )


def _refit_pooled(model: LatencyModel, profile: DeviceProfile, times: Times) -> DeviceModel:
    evidence = _pooled(profile.name)
    drawn = _drawn(evidence, _repeats(evidence.family, times, profile.name))
    index = [p.name for p in evidence.profiles].index(profile.name)
    belief = belief_of(profile)
    if profile.donor:
        centre = _donor_centre(profile.donor, times)
        belief = Belief(belief.members, lambda _without: centre, belief.own)
    fits = fit_members(drawn, drawn.learnable, belief=belief)
    rates = rates_of(drawn, fits, index, drawn.learnable, belief)
    return replace(model, rates=rates)


def _donor_centre(donor: str, times: Times) -> FloatArray:
    """Return a donor's mean log factors (P + 1,) from the same draw, without its pace, as `adapted.donor_rates` does."""
    evidence, about = _pooled(donor), find_profile(donor)
    drawn = _drawn(evidence, _repeats(evidence.family, times, donor))
    belief = belief_of(about)
    if about.donor:
        further = _donor_centre(about.donor, times)
        belief = Belief(belief.members, lambda _without: further, belief.own)
    index = [p.name for p in evidence.profiles].index(donor)
    centre: FloatArray = rates_of(
        drawn, fit_members(drawn, drawn.learnable, belief=belief), index
    ).theta.mean(0)
    return centre


def _refit_fine(model: LatencyModel, evidence: FineEvidence, times: Times) -> DeviceModel:
    rows = _repeats(evidence.family, times, evidence.profile.name)
    donor = evidence.profile.donor
    gone = frozenset(str(name) for name in np.unique(evidence.family) if not times(str(name)))
    centre = donor_log_rate(donor, gone) if donor else None
    rates = learn_rates(
        evidence.phi[rows], evidence.log_ms[rows], evidence.family[rows], evidence.regime, centre, stray()
    )
    return replace(model, rates=rates)


def _refit_operators(model: OperatorModel, evidence: OpEvidence, times: Times) -> DeviceModel:
    counts = np.array([times(str(name)) for name in evidence.family], dtype=np.float64)
    if (counts > 0).sum() < LEAST:
        raise InvalidValueError(
            f"{model.device} must keep at least {LEAST} measured operators, got {int((counts > 0).sum())}; "
            "leave fewer families out"
        )
    networks = np.repeat(
        np.arange(len(evidence.keys)),
        np.array([times(str(name)) for name in evidence.families], dtype=np.int64),
    )
    drawn = replace(
        evidence,
        rows=replace(evidence.rows, weight=evidence.rows.weight * np.maximum(counts, 1.0)),
        keys=tuple(evidence.keys[n] for n in networks),
        ms=evidence.ms[networks],
        families=evidence.families[networks],
        parts=tuple(evidence.parts[n] for n in networks),
    )
    learned = learn(drawn, counts > 0, np.ones(len(networks), dtype=bool))
    return replace(model, prices=learned.prices, whole=learned.whole, seen=learned.seen)


def _refit_few(model: LatencyModel, own: Own, times: Times) -> DeviceModel:
    """Learn from some of the device's own networks; they count once, and the donors' table stays as it is."""
    keep = np.array([times(str(name)) > 0 for name in own.families[own.measured]])
    if keep.sum() < LEAST:
        raise InvalidValueError(
            f"{model.device} must keep at least {LEAST} of its own networks, got {int(keep.sum())}; "
            "leave fewer families out"
        )
    return replace(model, rates=learn_few(own, keep))
