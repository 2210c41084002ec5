"""Held-out records of a profile that is learned from operators."""

from __future__ import annotations

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.latency.operators.evidence import gather_operators
from dsim.latency.operators.learn import calibrated, held
from dsim.latency.records import HeldOut

CONFIDENCE = 0.9


def hold_out_operators(profile: DeviceProfile, pool: tuple[DeviceProfile, ...]) -> tuple[HeldOut, ...]:
    """Predict every network with its family's operators and networks held out.

    Where no network was timed, operators are predicted with their shapes held out; their keys are kinds of op.

    Parameters
    ----------
    profile
        Has ``ops``.
    pool
        As for `fit_operator_model`.

    Returns
    -------
    tuple of HeldOut
        Intervals of 90% come from the errors of the other families.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    del pool
    logs = held(gather_operators(profile))
    rest = (1.0 - CONFIDENCE) / 2.0
    ends: dict[str, tuple[float, ...]] = {}
    # the errors of all families serve operators: shapes are too many to leave each out, and each weighs little
    whole = calibrated(logs.errors, logs.families)
    few = len(np.unique(logs.families)) <= 40
    for family in np.unique(logs.families):
        others = logs.families != family
        known = calibrated(logs.errors[others], logs.families[others]) if few and others.any() else whole
        ends[str(family)] = (min(known.quantile(rest), 0.0), 0.0, max(known.quantile(1.0 - rest), 0.0))
    out = []
    for n, key in enumerate(logs.keys):
        low, middle, high = (
            float(np.exp(logs.predicted[n] + logs.spread[n] * z)) for z in ends[str(logs.families[n])]
        )
        out.append(
            HeldOut(
                profile.name,
                key,
                str(logs.families[n]),
                float(np.exp(logs.measured[n])),
                middle,
                low,
                high,
            )
        )
    return tuple(out)
