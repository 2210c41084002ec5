"""How far two networks of one family are mispriced against each other: the error of a comparison between designs.

Held-out errors of a whole network hold what its family shares, which cancels where two designs of one family are
compared. What is left is the spread of errors within families.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from dsim.cache import kept
from dsim.device import find_profile
from dsim.latency.checked import checked_networks
from dsim.latency.content import content_hash
from dsim.latency.hold_out import clean, held_out
from dsim.latency.learners import rests_on
from dsim.records import from_json, to_json

LEAST = 6  # networks beside their family's first that a spread needs


@dataclass(frozen=True)
class Siblings:
    """Log-spread of held-out errors within families.

    Attributes
    ----------
    spread
        In logarithms (0.1 is about 10%), or None where too few networks of one family were measured.
    networks, families
        How many it rests on.
    """

    spread: float | None
    networks: int
    families: int


def siblings(device: str) -> Siblings:
    """Return the spread for a device, from the cache where it was found before.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    """
    profile = find_profile(device)
    return kept(
        "siblings",
        profile.name,
        content_hash(rests_on(profile)),
        lambda: _find(device),
        lambda found: to_json(found).encode(),
        lambda content: from_json(Siblings, content),
    )


def _find(device: str) -> Siblings:
    """Take designs that are held out for good where there are some: they are of one family, and nothing is learned anew."""
    checked = checked_networks(device)
    errors: dict[str, list[float]] = defaultdict(list)
    for held in checked if len(checked) > LEAST else clean(held_out(device)):
        errors[held.family].append(float(np.log(held.measured_ms / held.predicted_ms)))
    groups = [np.array(values) for values in errors.values() if len(values) > 1]
    networks = sum(len(group) for group in groups)
    freedom = networks - len(groups)
    if freedom < LEAST:
        return Siblings(None, networks, len(groups))
    squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups)
    return Siblings(float(np.sqrt(squares / freedom)), networks, len(groups))
