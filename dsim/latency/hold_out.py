"""Held-out predictions of any profile, by whichever method it is learned."""

from __future__ import annotations

from dsim.device.find import find_profile, pool_of
from dsim.latency.fit import learn_pool
from dsim.latency.methods.few_shot.learn import hold_out_few_shot
from dsim.latency.methods.fine.learn import hold_out_fine
from dsim.latency.methods.operators.validate import hold_out_operators
from dsim.latency.methods.pooled.adapted import belief_of
from dsim.latency.scoring import Held
from dsim.latency.validate import held_networks
from dsim.threads import one_blas_thread


@one_blas_thread()
def held_out(device: str) -> tuple[Held, ...]:
    """Predict every measured network of a profile by a model that never saw its family, on any device of its pool.

    Parameters
    ----------
    device
        Name of a profile. One that holds operators alone has no networks, and none come back.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(device)
    if profile.method == "fine":
        return hold_out_fine(profile)
    if profile.method == "few-shot":
        return hold_out_few_shot(profile)
    if profile.method == "operators":
        return hold_out_operators(profile, pool_of(profile))
    learned = learn_pool(pool_of(profile), belief_of(profile))
    return tuple(
        held for held in held_networks(learned.evidence, learned.held) if held.device == profile.name
    )


def clean(networks: tuple[Held, ...]) -> list[Held]:
    """Leave out networks that left the accelerator, lower bounds, and those outside the profile's resolutions."""
    return [held for held in networks if held.band == "inside" and not held.cliff and held.complete]
