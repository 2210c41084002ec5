"""How good the estimates are on families that were never trained on.

Each family is held out on all phones and sources at once. A network counts once per phone: its figure is the median of
what the sources say in the reference protocol. Intervals use the errors of the other families only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dsim.latency.evidence import Evidence, Predicted, without
from dsim.latency.families import family_of
from dsim.latency.hold_out import HIGH_PX, gathered, held_networks, hold_out_once
from dsim.latency.learner import Learner
from dsim.latency.networks import own_graphs, read_networks
from dsim.latency.pricing import Pricing
from dsim.latency.scoring import Coverage, Held, HeldContrast, Score, coverage, score


@dataclass(frozen=True)
class Validation:
    """Everything that `validate` finds for a device.

    Attributes
    ----------
    device
        Profile.
    networks
        Every network of the pool in its reference protocol, held out.
    clean, with_cliffs
        Scores of the device in its reference protocol, inside its resolutions, without and with cliffs.
    all_protocols, high_resolution
        Scores of every figure on that phone in whatever protocol, with effects learned from other families, without
        cliffs: inside its resolutions, and at 512 px (None where there is none).
    by_family
        Scores by family, inside the resolutions, without cliffs.
    pooled_coverage
        Over all profiles of the pool, inside the resolutions, without cliffs.
    contrasts
        Held-out contrasts of the device.
    """

    device: str
    networks: tuple[Held, ...]
    clean: Score
    with_cliffs: Score
    all_protocols: Score
    high_resolution: Score | None
    by_family: dict[str, Score]
    pooled_coverage: Coverage
    contrasts: tuple[HeldContrast, ...]


def validate(device: str) -> Validation:
    """Hold out every family in turn and score what is predicted for it.

    Parameters
    ----------
    device
        Name of a profile.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    """
    learner, evidence = gathered(device)
    found, name = hold_out_once(learner, evidence), evidence.profile.name
    networks = held_networks(learner, evidence, found, {one.name for one in evidence.profiles})
    own = [one for one in networks if one.device == name]
    inside = [one for one in own if one.band == "inside" and not one.cliff]
    every = _all_protocols(learner, evidence, found)
    high = [one for one in every if one.band == f"{HIGH_PX} px"]
    return Validation(
        name,
        networks,
        score(inside),
        score([one for one in own if one.band == "inside"]),
        score([one for one in every if one.band == "inside"]),
        score(high) if high else None,
        {
            family: score([one for one in inside if one.family == family])
            for family in sorted({one.family for one in inside})
        },
        coverage([one for one in networks if one.band == "inside" and not one.cliff]),
        held_contrasts(learner, evidence),
    )


def _all_protocols(learner: Learner[Any, Any], evidence: Evidence, found: Predicted) -> list[Held]:
    """Return every network of a device that stayed, by its median error over all protocols.

    Each figure's own protocol is taken out of it, so that all stand where figures in the reference protocol do.
    """
    figures = evidence.figures
    stayed = np.array([not cliff for cliff in figures.cliff], dtype=bool)
    adjusted = replace(
        figures, log_ms=figures.log_ms - found.protocol, reference=stayed & (figures.owner == evidence.index)
    )
    networks = held_networks(learner, evidence, found, {evidence.profile.name}, adjusted)
    # the effects of a source carry no interval
    return [replace(one, low_ms=float("nan"), high_ms=float("nan")) for one in networks]


def held_contrasts(learner: Learner[Any, Any], evidence: Evidence) -> tuple[HeldContrast, ...]:
    """Predict every pair of networks that differ in one thing by prices that saw neither its families nor itself."""
    known: dict[frozenset[str], Pricing] = {}
    out = []
    profile = evidence.profile
    for one in profile.contrasts:
        if not one.graph_a or not one.graph_b:
            continue
        keys = (one.graph_a, one.graph_b)
        families = frozenset(family_of(key, profile.name) for key in keys)
        if families not in known:
            known[families] = learner.learn(evidence, without(families))
        networks = read_networks(frozenset(keys), profile.passes, own_graphs((profile,)), profile.batch)
        log, _ = known[families].log_ms(known[families].network_vectors([networks[key] for key in keys]))
        ratios = one.b_ms / one.a_ms, float(np.exp(log[1] - log[0]))
        out.append(HeldContrast(profile.name, one.choice, one.what, *ratios))
    return tuple(out)
