"""Predictions of measured networks by a model that never saw their family, on any device."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.graph.key import split_key
from dsim.latency.calibrate import Calibration, Errors, calibrated, network_errors
from dsim.latency.evidence import Evidence, Figures, Predicted, without
from dsim.latency.learner import Learner
from dsim.latency.learners import learner_of
from dsim.latency.scoring import Held
from dsim.threads import one_blas_thread

CONFIDENCE = 0.9
HIGH_PX = 512
Rule = Callable[[Learner[Any, Any], Evidence, Errors, int], Calibration]

# by content: one process asks for many profiles of one pool, whose families are held out of all of them at once
_KNOWN: dict[object, Predicted] = {}


@one_blas_thread()
def hold_out(learner: Learner[Any, Any], evidence: Evidence) -> Predicted:
    """Predict every figure (M,) by prices that never saw its family; nan where too little was left to learn from."""
    figures, folds = evidence.figures, learner.folds(evidence)
    log, spread, protocol = (np.full(len(figures.keys), np.nan) for _ in range(3))
    fold_of = np.array([folds[str(name)] for name in figures.families], dtype=np.int64)
    for fold in np.unique(fold_of):
        rows = np.flatnonzero(fold_of == fold)
        times = without(name for name, number in folds.items() if number == fold)
        if evidence.left(times) < learner.needs:
            continue
        said = evidence.predict(learner.learn(evidence, times), rows)
        log[rows], spread[rows], protocol[rows] = said.log_ms, said.spread, said.protocol
    return Predicted(log, spread, protocol)


def hold_out_once(learner: Learner[Any, Any], evidence: Evidence, fresh: bool = False) -> Predicted:
    """Hold out what `Learner.gather` returned as it is: what comes with dsim answers, or what this process found before.

    Parameters
    ----------
    learner, evidence
        A way of learning, and what it gathered.
    fresh
        Whether what comes with dsim must not answer.
    """
    ready = None if fresh else learner.shipped(evidence)
    if ready is not None:
        return Predicted(*ready, np.zeros(len(ready[0])))
    key = (type(learner), *((one.folder, one.networks, one.contrasts, one.ops) for one in evidence.profiles))
    if key not in _KNOWN:
        _KNOWN[key] = hold_out(learner, evidence)
    return _KNOWN[key]


def held_out(device: str, fresh: bool = False) -> tuple[Held, ...]:
    """Predict every measured network of a profile by a model that never saw its family, on any device of its pool.

    Parameters
    ----------
    device
        Name of a profile. One that holds operators alone has no networks, and none come back.
    fresh
        Whether predictions that come with dsim must not answer.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    learner, evidence = gathered(device)
    return _held(learner, evidence, fresh) if _of_networks(evidence) else ()


def held_operators(device: str) -> tuple[Held, ...]:
    """Predict the operators of a profile that holds nothing else, each without its shape: ``family`` is the shape.

    None come back where the profile holds networks; raises as `held_out` does.
    """
    learner, evidence = gathered(device)
    return () if _of_networks(evidence) else _held(learner, evidence, fresh=False)


def gathered(device: str) -> tuple[Learner[Any, Any], Evidence]:
    """Return how a device is learned, and what it is learned from."""
    profile = find_profile(device)
    learner = learner_of(profile)
    return learner, learner.gather(profile)


def _of_networks(evidence: Evidence) -> bool:
    return any(split_key(key)[1] for key in evidence.figures.keys)


def _held(learner: Learner[Any, Any], evidence: Evidence, fresh: bool) -> tuple[Held, ...]:
    return held_networks(learner, evidence, hold_out_once(learner, evidence, fresh), {evidence.profile.name})


def held_networks(
    learner: Learner[Any, Any],
    evidence: Evidence,
    found: Predicted,
    devices: Collection[str],
    shown: Figures | None = None,
    errors: Errors | None = None,
    centre: Errors | None = None,
    among: NDArray[np.bool_] | None = None,
    rule: Rule = calibrated,
    confidence: float = CONFIDENCE,
) -> tuple[Held, ...]:
    """Return networks in the reference protocols of some devices; intervals rest on the errors of the other families.

    Parameters
    ----------
    learner, evidence
        A way of learning, and what it gathered.
    found
        What is predicted of its figures.
    devices
        Whose networks to return.
    shown
        Takes the place of the evidence's figures where something else is to be shown of each.
    errors
        What intervals rest on; by default the errors of ``found``.
    centre
        What estimates move by; by default what intervals rest on.
    among
        Which figures (M,) to return; all by default.
    rule
        Makes a distribution from errors.
    confidence
        Level of the central intervals.
    """
    figures = evidence.figures if shown is None else shown
    names = [one.name for one in evidence.profiles]
    log_ms, spread = found.log_ms, found.spread
    errors = network_errors(evidence.figures, log_ms, spread) if errors is None else errors
    known: dict[tuple[int, str], Calibration] = {}

    def errors_without(owner: int, family: str) -> Calibration:
        if (owner, family) not in known:
            ready = learner.known_errors(evidence, without({family}))
            made = ready or rule(learner, evidence, errors.without(family), owner)
            if centre is not None:
                made = made.around(rule(learner, evidence, centre.without(family), owner))
            known[owner, family] = made
        return known[owner, family]

    out = []
    wanted = np.isin(figures.owner, [n for n, name in enumerate(names) if name in devices])
    use = wanted & figures.reference & np.isfinite(log_ms) & (True if among is None else among)
    for item in np.unique(figures.item[use]):
        rows = np.flatnonzero(use & (figures.item == item))
        first, owner = rows[0], int(figures.owner[rows[0]])
        family = str(figures.families[first])
        ends = errors_without(owner, family).ends((1.0 - confidence) / 2.0)
        low, middle, high = (float(np.exp(log_ms[first] + end * spread[first])) for end in ends)
        out.append(
            Held(
                names[owner],
                figures.keys[first],
                family,
                float(np.exp(np.median(figures.log_ms[rows]))),
                middle,
                low,
                high,
                figures.cliff[first],
                band_of(evidence.profiles[owner], figures.keys[first]),
                bool(figures.complete[first]),
            )
        )
    return tuple(out)


def band_of(profile: DeviceProfile, key: str) -> str:
    """Tell where a network's side lies: ``inside`` the profile's resolutions, ``512 px`` or ``other``."""
    side = split_key(key)[1]
    if not side or profile.low_px <= int(side) <= profile.high_px:
        return "inside"
    return f"{HIGH_PX} px" if int(side) == HIGH_PX else "other"


def clean(networks: Collection[Held]) -> list[Held]:
    """Leave out networks that left the accelerator, incomplete estimates, and those outside the profile's resolutions."""
    return [held for held in networks if held.band == "inside" and not held.cliff and held.complete]
