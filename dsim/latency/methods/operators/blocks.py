"""What whole blocks say of a choice: pairs of blocks that differ in it alone, timed for that by `dsim measure`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dsim.device.fields import check_file
from dsim.device.profile import Contrast, DeviceProfile
from dsim.graph.graph import Graph
from dsim.graph.store import load_graphs
from dsim.latency.features import FloatArray
from dsim.latency.networks import own_graphs
from dsim.normal import HALF_90

LEAST_BLOCKS = 2  # shapes: one block alone does not say that others do alike
DRAWS = 400


@dataclass(frozen=True)
class BlockPair:
    """One choice in one block, as shares of the block with the first option.

    Attributes
    ----------
    change, spread
        What the other option costs more, and the standard deviation of that.
    priced
        What the model says it costs more; None where the block's graph is not stored.
    """

    change: float
    spread: float
    priced: float | None


BlockPairs = Mapping[str, Sequence[BlockPair]]
NO_BLOCKS: BlockPairs = {}


def timed_blocks(profile: DeviceProfile) -> tuple[Contrast, ...]:
    """Return the contrasts that were timed for what they say, with an interval of their own."""
    return tuple(one for one in profile.contrasts if one.low_ms is not None)


def block_pairs(profile: DeviceProfile, price: Callable[[Graph], float]) -> BlockPairs:
    """Collect a profile's pairs of blocks by choice, each in both directions.

    Parameters
    ----------
    price
        Gives the model's milliseconds of one block inside a network.
    """
    rows = timed_blocks(profile)
    keys = {key for one in rows for key in (one.graph_a, one.graph_b) if key}
    graphs: dict[str, Graph] = {}
    for path in own_graphs((profile,)) if keys else ():
        check_file(path)
        graphs |= load_graphs(path, keys)
    priced = {key: price(graph) for key, graph in graphs.items()}
    out: dict[str, list[BlockPair]] = {}
    for one in rows:
        assert one.low_ms is not None
        assert one.high_ms is not None
        spread = (one.high_ms - one.low_ms) / (2.0 * HALF_90)
        kind, _, pair = one.choice.partition(":")
        a, _, b = pair.partition(">")
        said_a, said_b = priced.get(one.graph_a), priced.get(one.graph_b)
        out.setdefault(one.choice, []).append(_pair(one.a_ms, one.b_ms, spread, said_a, said_b))
        out.setdefault(f"{kind}:{b}>{a}", []).append(_pair(one.b_ms, one.a_ms, spread, said_b, said_a))
    return {choice: pairs for choice, pairs in out.items() if len(pairs) >= LEAST_BLOCKS}


def _pair(a: float, b: float, spread: float, said_a: float | None, said_b: float | None) -> BlockPair:
    priced = None if said_a is None or said_b is None else (said_b - said_a) / said_a
    return BlockPair((b - a) / a, spread / a, priced)


def drawn_changes(pairs: Sequence[BlockPair], rng: np.random.Generator) -> FloatArray:
    """Return draws (DRAWS,) of the median change: blocks with replacement, each with an error of its own.

    No block saves more than all that it costs.
    """
    change = np.array([one.change for one in pairs])
    spread = np.array([one.spread for one in pairs])
    which = rng.integers(len(pairs), size=(DRAWS, len(pairs)))
    drawn = change[which] + rng.normal(0.0, 1.0, which.shape) * spread[which]
    out: FloatArray = np.median(np.maximum(drawn, -1.0), axis=1)
    return out


def priced_change(pairs: Sequence[BlockPair]) -> float | None:
    """Return the median change that the model says; None where it was not asked."""
    said = [one.priced for one in pairs if one.priced is not None]
    return float(np.median(said)) if said else None
