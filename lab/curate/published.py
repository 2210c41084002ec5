"""Find the graph of a network of the collected published figures."""

from __future__ import annotations

from lab.curate.read_rules import read_toml

LICENCE = "figures quoted from the source; the source states no licence for them"


def stem_of(network: str, timm_name: str) -> str:
    """Return the name under which a network's graph is stored, empty where there is none."""
    return str(read_toml("published.toml")["keys"].get(network, timm_name))


def own_side(network: str) -> str:
    """Return the input side that a network's definition fixes, empty where it fixes none."""
    sides = read_toml("published.toml")["sides"]
    fits = [start for start in sides if network.startswith(start)]
    return str(sides[max(fits, key=len)]) if fits else ""


def graph_key(stem: str, side: str) -> str:
    """Return the key of a graph, empty where the name or the side is not known."""
    return f"{stem}@{side}" if stem and side else ""
