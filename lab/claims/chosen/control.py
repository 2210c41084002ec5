"""The control: designs drawn by chance, which a profile timed to be checked with, and no model learned from."""

from __future__ import annotations

from dsim.arch import Arch
from dsim.device.find import find_profile
from dsim.device.profile import CHECK
from dsim.measure.plan import Plan
from dsim.shift.measured import design_id


def check_times(stack: str) -> dict[str, float]:
    """Return the milliseconds of a profile's checks, by the name of the design, as the profile has them."""
    return {
        row.network.removeprefix("design-"): row.latency_ms
        for row in find_profile(stack).networks
        if row.role == CHECK
    }


def drawn_checks(stack: str) -> tuple[Arch, ...]:
    """Draw a profile's checks again, as `dsim measure` drew them."""
    times = check_times(stack)
    drawn = (one.arch for one in Plan(2 * len(times)).check_designs)  # twice: some could not be timed
    return tuple(arch for arch in drawn if arch is not None and design_id(arch) in times)


def spread_checks(stack: str, count: int) -> tuple[Arch, ...]:
    """Return so many of a profile's checks, from quick to slow."""
    times = check_times(stack)
    ranked = sorted(drawn_checks(stack), key=lambda arch: times[design_id(arch)])
    step = max(1, len(ranked) // count)
    return tuple(ranked[step // 2 :: step][:count])
