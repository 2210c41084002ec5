"""Networks that hold an operator which no other family's networks hold: when their family is held out, nothing prices it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from dsim.latency.families import family_of
from dsim.latency.features import ALIKE, FREE_UNKNOWN
from dsim.latency.networks import Network


def lonely(networks: Mapping[str, Network]) -> frozenset[str]:
    """Return the keys of networks with an outside operator that is known from their own family alone.

    Parameters
    ----------
    networks
        Measured networks by key; operators outside dsim's vocabulary are told by their name.
    """
    holders: dict[str, set[str]] = defaultdict(set)
    names: dict[str, set[str]] = {}
    for key, network in networks.items():
        names[key] = {
            label for label in network.facts.outside if label not in FREE_UNKNOWN and label not in ALIKE
        }
        for name in names[key]:
            holders[name].add(family_of(key, key))
    return frozenset(key for key, found in names.items() if any(len(holders[name]) == 1 for name in found))
