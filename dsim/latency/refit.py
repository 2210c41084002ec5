"""Learn a device's prices anew from some of its families, or from families counted more than once.

What a conclusion owes to the families that happened to be measured shows when they are drawn again. Everything else of
the model (intervals, cliffs, coverage, verdicts on choices) stays that of the whole evidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from dsim.errors import InvalidValueError
from dsim.latency.evidence import Evidence, Times
from dsim.latency.fit import load_model
from dsim.latency.hold_out import gathered
from dsim.latency.learner import Learner
from dsim.latency.model import DeviceModel
from dsim.threads import one_blas_thread

LEAST = 3  # figures without which nothing is learned anew


@lru_cache(maxsize=8)
def _gathered(device: str) -> tuple[Learner[Any, Any], Evidence]:
    return gathered(device)


def families_of(device: str) -> tuple[str, ...]:
    """Return the families that a device's model learns from, its pool's included, in alphabetical order."""
    return _gathered(device)[1].families


def can_refit(device: str, times: Callable[[str], int]) -> bool:
    """Tell whether `refit` has enough to learn from, without learning."""
    return _gathered(device)[1].left(Times(times)) >= LEAST


@one_blas_thread()
def refit(device: str, times: Callable[[str], int]) -> DeviceModel:
    """Learn a device's prices anew.

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
    model = load_model(device)
    learner, evidence = _gathered(device)
    drawn = Times(times, keep_contrasts=True)
    if (left := evidence.left(drawn)) < LEAST:
        raise InvalidValueError(
            f"{device} must keep at least {LEAST} different figures to be learned from, got {left}; leave fewer families out"
        )
    return replace(model, pricing=learner.learn(evidence, drawn))
