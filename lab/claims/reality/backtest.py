"""The backtest: models of an earlier time search under the latencies of later networks, whose top-1 is known by now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from dsim.arch import Mixer
from dsim.device import DeviceProfile, find_profile
from dsim.errors import InvalidValueError
from dsim.graph import Graph
from dsim.latency.model import DeviceModel
from dsim.latency.networks import own_graphs, stored
from dsim.search.space import Space
from lab.claims.reality.accuracy import EarlierAccuracy, earlier_accuracy
from lab.claims.reality.dates import bare, earlier
from lab.claims.reality.figures import PublishedNetwork, figures_of
from lab.claims.reality.latency import earlier_model
from lab.claims.reality.propose import Bounds, FitsBy, Proposer
from lab.claims.reality.recipes import load_checkpoints, words
from lab.claims.reality.records import Backtest, Learned, Own, Standing, standing_of

LATER = frozenset({Mixer.FFN, Mixer.ATTENTION_V2})
"""Blocks that EfficientFormerV2 brought: a search of an earlier time knew neither, nor the presets that use them."""

Told = Callable[[Own | Standing], None]


def backtest(
    devices: Iterable[str],
    families: Mapping[str, str],
    cutoff: str,
    bounds: Bounds,
    held: Sequence[FitsBy] = tuple(FitsBy),
    told: Told | None = None,
) -> Backtest:
    """Learn from what was published before a month, search under the latencies of later networks, and compare.

    Parameters
    ----------
    devices
        Names of profiles that start from no other device's rates.
    families
        Of later networks: pattern of their names (``repvit_*``) to what to call the family.
    cutoff
        ``YYYY-MM``, exclusive.
    bounds
        Of every search; blocks of `LATER` are left out of its space.
    held
        What must fit the budget; one search for each.
    told
        Called with each record as it is made.

    Raises
    ------
    InvalidValueError
        A family's networks were published before the cutoff, or a device starts from another's rates.
    """
    accuracy = earlier_accuracy(cutoff)
    then = replace(bounds, space=without_later(bounds.space))
    networks: list[Own] = []
    claims: list[Standing] = []
    for device in devices:
        profile = find_profile(device)
        later = later_figures(figures_of(profile, load_checkpoints()), families, cutoff)
        if not later:
            continue
        latency = earlier_model(device, cutoff)
        proposer = Proposer(device, latency, accuracy.model, then)
        graphs = _graphs(profile, [figure.graph for figure in later])
        for figure in later:
            own = own_of(device, figure, families, graphs[figure.graph], latency, proposer, accuracy)
            networks.append(own)
            if told:
                told(own)
            for way in held:
                proposal = proposer.propose(figure.latency_ms, way, figure.recipe)
                claims.append(standing_of(device, figure, way, proposal))
                if told:
                    told(claims[-1])
    learned = Learned(
        cutoff,
        accuracy.kept,
        accuracy.dropped,
        accuracy.families,
        accuracy.undated_recipes,
        accuracy.contrasts,
    )
    return Backtest(learned, tuple(networks), tuple(claims))


def without_later(space: Space) -> Space:
    """Return a space without the blocks that were published later; presets that use them drop out by themselves."""
    return space.fixed(
        mixers=tuple(tuple(m for m in row if m not in LATER) for row in space.mixers),
        attentions=tuple(m for m in space.attentions if m not in LATER),
    )


def family_of(graph: str, families: Mapping[str, str]) -> str:
    """Return the family of a later network, empty where it belongs to none."""
    return next((name for pattern, name in families.items() if fnmatchcase(bare(graph), pattern)), "")


def later_figures(
    figures: Iterable[PublishedNetwork], families: Mapping[str, str], cutoff: str
) -> tuple[PublishedNetwork, ...]:
    """Return the measured networks of the later families.

    Raises
    ------
    InvalidValueError
        One of them was published before the cutoff: the models may have seen it.
    """
    test = earlier(cutoff)
    found = tuple(f for f in figures if f.graph and family_of(f.graph, families))
    for figure in found:
        if test(figure.graph):
            raise InvalidValueError(
                f"a later network must not be published before {cutoff}, and {bare(figure.graph)} was; "
                "take its family out, or move the cutoff"
            )
    return found


def own_of(
    device: str,
    figure: PublishedNetwork,
    families: Mapping[str, str],
    graph: Graph,
    latency: DeviceModel,
    proposer: Proposer,
    accuracy: EarlierAccuracy,
) -> Own:
    """Ask the models of the earlier time about a later network itself."""
    price = latency.price(latency.featurise(graph)[None])
    summary = accuracy.model.summarise(graph)
    return Own(
        device,
        figure.network,
        figure.graph,
        family_of(figure.graph, families),
        figure.latency_ms,
        figure.top1,
        words(figure.recipe),
        float(price.latency_ms[0]),
        float(price.low_ms[0]),
        float(price.high_ms[0]),
        *proposer.top1_of(summary, figure.recipe),
        bool(accuracy.model.in_region(summary[None])[0]),
    )


def _graphs(profile: DeviceProfile, keys: Sequence[str]) -> dict[str, Graph]:
    return stored(set(keys), own_graphs((profile,)))
