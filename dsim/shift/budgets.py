"""Budgets: what each device of a comparison may spend, and how that is said."""

from __future__ import annotations

import math

from dsim.errors import InvalidValueError
from dsim.latency.model import DeviceModel
from dsim.shift.spec import ComparisonSpec

MOST_STRETCH = 20.0  # needed budget over estimate; beyond it a model cannot say what a network costs


def budget_on(spec: ComparisonSpec, device: str, model: DeviceModel) -> tuple[float, float]:
    """Return the milliseconds of ``spec.like`` on a device, and the device's budget.

    Raises
    ------
    InvalidValueError
        The budget is to be what ``spec.like`` needs, and the model can hardly say what that is.
    """
    like = model.price_network(spec.like.to_graph(), spec.confidence)
    ms, needs = float(like.latency_ms[0]), float(like.needs_ms[0])
    own = spec.budgets_ms.get(device)
    if own is not None:
        return ms, own
    if needs > MOST_STRETCH * ms:
        got = f"{needs / ms:.3g} times" if math.isfinite(needs) else "more than any"
        raise InvalidValueError(
            f"a budget is what {spec.like_name} needs to fit with a chance of {spec.confidence:.4g}, and on "
            f"{device} that must be at most {MOST_STRETCH:g} times the estimate, got {got}; leave the device out, "
            "lower --confidence, or give all a --budget"
        )
    return ms, float(f"{needs:.12g}")


def budget_rule(spec: ComparisonSpec) -> str:
    """Say in words where the budgets come from."""
    if spec.budgets_ms:
        return "budgets as given"
    return (
        f"each device's budget is the smallest that {spec.like_name} fits there with a chance of {spec.confidence * 100:.6g}%, "
        "by the interval that dsim predict shows, so that it just fits everywhere"
    )
