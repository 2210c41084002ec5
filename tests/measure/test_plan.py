"""What is drawn to be timed: covering, repeatable, and never a check among what is learned from."""

from __future__ import annotations

from collections import Counter

import pytest

from dsim.graph import Graph
from dsim.measure.draw import groups_in, reference_networks
from dsim.measure.network import can_run
from dsim.measure.plan import BATCH, Plan
from dsim.measure.planned import CHECK, Planned


@pytest.fixture(scope="module")
def first() -> tuple[Planned, ...]:
    return Plan(checks=8).batch((), None)


@pytest.mark.slow
def test_batches_repeat(first: tuple[Planned, ...]) -> None:
    assert len({one.key for one in first}) == BATCH
    assert [one.key for one in Plan(checks=8).batch((), None)] == [one.key for one in first]


def test_checks_are_the_same_whatever_the_model_says(first: tuple[Planned, ...]) -> None:
    def checks(batch: tuple[Planned, ...]) -> list[str]:
        return [one.key for one in batch if one.role == CHECK]

    doubtful = Plan(checks=8).batch((), lambda graphs: [float(graph.macs) for graph in graphs])
    assert checks(doubtful)[:4] == checks(first)
    assert not set(checks(doubtful)) & {one.key for one in doubtful if not one.role}


def test_what_is_done_is_not_drawn_again(first: tuple[Planned, ...]) -> None:
    done = {one.key for one in first}
    assert not done & {one.key for one in Plan(checks=8).batch(done, None)}


def test_the_model_is_asked_what_it_doubts() -> None:
    asked: list[Graph] = []

    def doubt(graphs: list[Graph]) -> list[float]:
        asked.extend(graphs)
        return [float(graph.macs) for graph in graphs]

    batch = Plan(checks=0).batch((), doubt)  # type: ignore[arg-type]
    designs = [one.graph.macs for one in batch if one.arch is not None]
    assert designs == sorted(designs, reverse=True)
    assert max(designs) == max(graph.macs for graph in asked[-48:] if graph.macs in designs)


def test_few_reference_networks_cover_most_kinds_of_op() -> None:
    networks = reference_networks()
    assert all(can_run(one.graph) for one in networks)
    every = Counter(group for one in networks for group in groups_in(one.graph))
    first = set().union(*(groups_in(one.graph) for one in networks[: len(networks) // 4]))
    common = {group for group, times in every.items() if times >= 3}
    assert len(common & first) >= 0.95 * len(common)
