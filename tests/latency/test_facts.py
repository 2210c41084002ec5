"""Facts of networks that come with dsim are those that their graphs give today."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest

from dsim.latency.facts import FILE, GRAPHS, facts_of, graphs_hash, shipped
from dsim.latency.features import kernels
from dsim.latency.networks import read_networks, stored

with np.load(FILE, allow_pickle=False) as data:
    HEAD = json.loads(data["head"].tobytes())
PASSES = [tuple(passes) for passes in HEAD["passes"]]


def check(keys: Iterable[str], passes: tuple[str, ...]) -> None:
    graphs = stored(set(keys))
    assert set(graphs) == set(keys)
    known = shipped(graphs, passes)
    for key, graph in graphs.items():
        fresh, kept = facts_of(kernels(graph, passes)), known[key]
        np.testing.assert_allclose(kept.vector, fresh.vector, rtol=1e-12, err_msg=key)
        np.testing.assert_allclose(kept.fine, fresh.fine, rtol=1e-12, err_msg=key)
        assert kept.kinds[0] == fresh.kinds[0], key
        assert [one[0] for one in kept.kinds[1]] == [one[0] for one in fresh.kinds[1]], key
        np.testing.assert_allclose(
            [one[1:] for one in kept.kinds[1]], [one[1:] for one in fresh.kinds[1]], rtol=1e-12, err_msg=key
        )
        assert (kept.labels, kept.outside) == (fresh.labels, fresh.outside), key


def test_they_are_of_the_graphs_that_come_with_dsim() -> None:
    assert HEAD["graphs"] == graphs_hash(), f"graphs in {GRAPHS.name} changed: run lab/validate/facts.py"


@pytest.mark.parametrize("passes", PASSES, ids=" ".join)
def test_a_few_of_them(passes: tuple[str, ...]) -> None:
    keys = HEAD["networks"][PASSES.index(passes)]["keys"]
    check(keys[:: len(keys) // 12], passes)


@pytest.mark.slow
@pytest.mark.parametrize("passes", PASSES, ids=" ".join)
def test_all_of_them(passes: tuple[str, ...]) -> None:
    check(HEAD["networks"][PASSES.index(passes)]["keys"], passes)


def test_other_passes_and_networks_are_read_from_their_graphs() -> None:
    assert shipped(("resnet50@224",), ("drop_identities",)) == {}
    assert shipped(("nothing@224",), PASSES[0]) == {}


def test_the_graph_is_there_where_it_is_asked_for() -> None:
    key = HEAD["networks"][0]["keys"][0]
    network = read_networks(frozenset({key}), PASSES[0])[key]
    assert facts_of(network.run).kinds == network.kinds
