"""Held-out records of a profile that is learned from operators."""

from __future__ import annotations

import numpy as np

from dsim.device.profile import DeviceProfile
from dsim.graph.key import split_key
from dsim.latency.methods.operators.evidence import gather_operators
from dsim.latency.methods.operators.learn import HeldLogs, calibrated, held, predict_shapes
from dsim.latency.scoring import Held
from dsim.threads import one_blas_thread

CONFIDENCE = 0.9


@one_blas_thread()
def hold_out_operators(profile: DeviceProfile, pool: tuple[DeviceProfile, ...]) -> tuple[Held, ...]:
    """Predict every network with its family's operators and networks held out.

    Parameters
    ----------
    profile
        Has ``ops``. Where no network was timed, none come back.
    pool
        As for `fit_operator_model`.

    Returns
    -------
    tuple of Held
        Intervals of 90% come from the errors of the other families.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    del pool
    evidence = gather_operators(profile)
    return _records(profile, held(profile, evidence)) if evidence.keys else ()


@one_blas_thread()
def hold_out_shapes(profile: DeviceProfile) -> tuple[Held, ...]:
    """Predict every operator that ran alone with its shape held out; ``graph`` is the kind of op, ``family`` its shape.

    Raises
    ------
    InvalidValueError
        The profile has no measured op.
    """
    return _records(profile, predict_shapes(gather_operators(profile)))


def _records(profile: DeviceProfile, logs: HeldLogs) -> tuple[Held, ...]:
    rest = (1.0 - CONFIDENCE) / 2.0
    out: list[Held] = []
    for family in np.unique(logs.families):
        own = logs.families == family
        # the only family there is leaves no others to learn from
        others = ~own if not own.all() else own
        known = calibrated(logs.errors[others], logs.families[others])
        low, high = min(known.quantile(rest), 0.0), max(known.quantile(1.0 - rest), 0.0)
        for n in np.flatnonzero(own):
            side = split_key(logs.keys[n])[1]
            inside = not side or profile.low_px <= int(side) <= profile.high_px
            out.append(
                Held(
                    profile.name,
                    logs.keys[n],
                    str(family),
                    float(np.exp(logs.measured[n])),
                    float(np.exp(logs.predicted[n])),
                    float(np.exp(logs.predicted[n] + logs.spread[n] * low)),
                    float(np.exp(logs.predicted[n] + logs.spread[n] * high)),
                    "",
                    "inside" if inside else "other",
                )
            )
    return tuple(out)
