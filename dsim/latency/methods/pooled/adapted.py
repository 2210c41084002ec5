"""Learning with few networks of one's own: another device's rates are what is believed beforehand.

The paces of two neural engines differ by a factor; how their kernels compare differs by less. So a profile with a donor
starts from the donor's learned rates, has a pace of its own, and lets each rate stray a little.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from dsim.device.find import find_profile, pool_of
from dsim.device.profile import DeviceProfile
from dsim.latency.features import FloatArray
from dsim.latency.methods.pooled.ensemble import NOMINAL, Belief, fit_members, rates_of
from dsim.latency.methods.pooled.evidence import Evidence, gather
from dsim.latency.methods.pooled.fit import FitSettings

# how far a rate strays from the donor's, and one figure from the model; averaged over, as with the other ensembles
ADAPTED: tuple[FitSettings, ...] = (
    FitSettings(noise=0.12, prior_sd=0.15),
    FitSettings(noise=0.12, prior_sd=0.3),
)
OWN = 0.2  # how far a profile's rates stray from its pool's


def belief_of(profile: DeviceProfile) -> Belief:
    """Return what a profile's fit starts from: its donor's rates, or the nominal ones where it has no donor."""
    if not profile.donor:
        return NOMINAL
    return Belief(ADAPTED, _centre(profile.donor), OWN)


def _centre(donor: str) -> Callable[[str | None], FloatArray | None]:
    def of(without: str | None) -> FloatArray | None:
        return donor_rates(donor, without)

    return of


@lru_cache(maxsize=256)
def donor_rates(donor: str, without: str | None) -> FloatArray:
    """Return the log factors (P + 1,) of a donor, learned without a family; its pace is left out."""
    profile = find_profile(donor)
    evidence, index = _gathered(donor)
    belief = belief_of(profile)
    rows = evidence.learnable & (evidence.family != (without or ""))
    theta = rates_of(evidence, fit_members(evidence, rows, without, belief=belief), index).theta
    center: FloatArray = theta.mean(0)
    return center


@lru_cache(maxsize=8)
def _gathered(donor: str) -> tuple[Evidence, int]:
    pool = pool_of(find_profile(donor))
    return gather(pool), [p.name for p in pool].index(donor)
