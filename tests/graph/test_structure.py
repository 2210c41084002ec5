"""Structure against other means: all paths written out, memory played through step by step, and networks drawn by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsim.arch import get_preset
from dsim.attrs import ConstantAttrs, ConvAttrs, ShapeAttrs
from dsim.errors import InvalidValueError
from dsim.graph import Graph, GraphBuilder, Ref
from dsim.graph.memory import peak_memory_bytes
from dsim.graph.structure import (
    Fork,
    cut_points,
    longest_path,
    parallel_branches,
    to_dot,
    to_text,
)
from dsim.op import OpKind

SHAPE = (1, 2, 4, 4)
NUMBERS = 32  # in it


@st.composite
def networks(draw: st.DrawFn) -> Graph:
    """Networks of additions and activations, with one or two inputs; what nobody reads is an output."""
    builder = GraphBuilder()
    refs = [builder.input(SHAPE) for _ in range(draw(st.integers(1, 2)))]
    read: set[Ref] = set()
    for _ in range(draw(st.integers(1, 9))):
        chosen = draw(st.lists(st.sampled_from(refs), min_size=1, max_size=2))
        if len(chosen) == 1:
            made = builder.add(OpKind.RELU, *chosen)
        else:
            made = builder.add(OpKind.ADD, *chosen, attrs=ConstantAttrs())
        read |= set(chosen)
        refs.append(made)
    return builder.build(*(ref for ref in refs if ref.node >= 0 and ref not in read))


def paths(graph: Graph) -> Iterator[tuple[int, ...]]:
    """Write out every path from an input to an output."""

    def onwards(path: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if Ref(path[-1]) in graph.outputs:
            yield path
        for reader, node in enumerate(graph.nodes):
            if Ref(path[-1]) in node.inputs:
                yield from onwards((*path, reader))

    for k in range(len(graph.inputs)):
        yield from onwards((-1 - k,))


@given(networks())
def test_cut_points_are_on_every_path(graph: Graph) -> None:
    every = [set(path) for path in paths(graph)]
    assert cut_points(graph) == tuple(sorted(n for n in set.intersection(*every) if n >= 0))


@given(networks(), st.lists(st.integers(0, 9), min_size=9, max_size=9))
def test_the_longest_path_costs_most_of_all_paths(graph: Graph, costs: list[int]) -> None:
    costs = costs[: len(graph.nodes)]
    found = longest_path(graph, costs)
    assert found.cost == max(sum(costs[n] for n in path if n >= 0) for path in paths(graph))
    assert found.cost == sum(costs[n] for n in found.nodes)
    assert all(Ref(a) in graph.nodes[b].inputs for a, b in itertools.pairwise(found.nodes))
    assert found.whole == sum(costs)
    assert 0 <= found.share <= 1


@given(networks())
def test_branches_share_nothing_and_meet(graph: Graph) -> None:
    view = graph.digraph
    for fork in parallel_branches(graph):
        assert len(fork.branches) >= 2
        for a, b in itertools.combinations(fork.branches, 2):
            assert not set(a) & set(b)
            assert not any(view.has_edge(x, y) or view.has_edge(y, x) for x in a for y in b)
        if fork.fork is not None and fork.join is not None:
            for branch in fork.branches:
                chain = (fork.fork, *branch, fork.join)
                assert nx.has_path(view.subgraph(chain), fork.fork, fork.join)


@given(networks())
def test_memory_is_what_a_run_holds(graph: Graph) -> None:
    held = {Ref(-1 - k) for k in range(len(graph.inputs))}
    peak = len(held)
    for index in range(len(graph.nodes)):
        held.add(Ref(index))
        peak = max(peak, len(held))
        later = {ref for one in graph.nodes[index + 1 :] for ref in one.inputs} | set(graph.outputs)
        held &= later
    assert peak_memory_bytes(graph, in_place=False) == peak * NUMBERS * 4
    assert peak_memory_bytes(graph, 2, in_place=False) == peak * NUMBERS * 2
    assert peak_memory_bytes(graph) <= peak * NUMBERS * 4


def test_a_network_drawn_by_hand() -> None:
    """x -> conv -> (conv -> relu | shortcut) -> add -> reshape: the hidden map is four times as wide."""
    b = GraphBuilder()
    x = b.input(SHAPE)
    stem = b.add(OpKind.CONV2D, x, attrs=ConvAttrs(2, (1, 1), (1, 1), (0, 0)))
    wide = b.add(OpKind.CONV2D, stem, attrs=ConvAttrs(8, (1, 1), (1, 1), (0, 0)))
    act = b.add(OpKind.RELU, wide)
    narrow = b.add(OpKind.CONV2D, act, attrs=ConvAttrs(2, (1, 1), (1, 1), (0, 0)))
    total = b.add(OpKind.ADD, stem, narrow, attrs=ConstantAttrs())
    flat = b.add(OpKind.RESHAPE, total, attrs=ShapeAttrs((1, 32)))
    graph = b.build(flat)
    assert cut_points(graph) == (0, 4, 5)
    assert parallel_branches(graph) == (Fork(0, 4, ((), (1, 2, 3))),)
    # at the activation: the stem's map, and the wide one before and after it
    assert peak_memory_bytes(graph, in_place=False) == (NUMBERS + 4 * NUMBERS + 4 * NUMBERS) * 4
    # the activation writes over the wide map
    assert peak_memory_bytes(graph) == (NUMBERS + 4 * NUMBERS + NUMBERS) * 4
    assert longest_path(graph).nodes == (0, 1, 2, 3, 4, 5)
    assert longest_path(graph).share == 1
    with pytest.raises(InvalidValueError, match="each of the 6 ops, got 1"):
        longest_path(graph, [1.0])


def test_every_block_of_a_design_ends_in_a_cut_point() -> None:
    graph = get_preset("efficientformer_l1").to_graph()
    cut = set(cut_points(graph))
    scopes = [node.scope for node in graph.nodes]
    last = {scope: index for index, scope in enumerate(scopes) if ".blocks." in scope or scope == "stem"}
    assert set(last.values()) <= cut
    assert len({scopes[fork.join] for fork in parallel_branches(graph) if fork.join is not None}) >= 15


def test_drawings_name_every_op_and_line() -> None:
    b = GraphBuilder()
    x = b.input(SHAPE)
    y = b.add(OpKind.RELU, x, scope='a"];\n evil')
    graph = b.build(b.add(OpKind.ADD, x, y, attrs=ConstantAttrs()))
    dot = to_dot(graph)
    assert [line.strip() for line in dot.splitlines() if "->" in line] == [
        '"-1" -> "0";',
        '"-1" -> "1";',
        '"0" -> "1";',
    ]
    assert '"0" [label="0 relu (1, 2, 4, 4) a?];? evil"];' in dot
    # the sum hangs under the activation, and names the input, which it reads too
    assert "1 add (1, 2, 4, 4) ╾ input 0 (1, 2, 4, 4)\n" in to_text(graph)
