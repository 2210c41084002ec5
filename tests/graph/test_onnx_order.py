"""Nodes of an ONNX file in an order in which they can run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import GraphProto, NodeProto, helper

from dsim.graph.onnx.order import in_order


def node(out: str, *reads: str) -> NodeProto:
    return helper.make_node("Sum", list(reads), [out], name=out)


def names(*nodes: NodeProto) -> list[str]:
    graph = helper.make_graph(list(nodes), "g", [], [])
    return [one.name for one in in_order(graph, {"x"})]


@given(st.data())
def test_each_comes_behind_what_it_reads(data: st.DataObject) -> None:
    made = [node("0", "x")]
    for n in range(1, data.draw(st.integers(1, 12))):
        reads = data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3))
        made.append(node(str(n), *(str(one) for one in reads)))
    found = names(*data.draw(st.permutations(made)))
    assert sorted(found) == sorted(one.name for one in made)
    written = {"x"}
    for name in found:
        assert set(made[int(name)].input) <= written
        written.add(name)


def test_a_sorted_file_stays_as_it_is() -> None:
    assert names(node("b", "x"), node("a", "x"), node("c", "a", "b")) == ["b", "a", "c"]


def test_those_that_wait_for_themselves_come_last_as_they_stand() -> None:
    made = [
        node("late", "p"),
        node("p", "q"),
        node("self", "self"),
        node("q", "p"),
        node("b", "a"),
        node("a", "x"),
    ]
    assert names(*made) == ["a", "b", "late", "p", "self", "q"]


def test_what_a_branch_reads_from_outside_comes_first() -> None:
    inner = helper.make_graph([node("inside", "late")], "then", [], [])
    chosen = helper.make_node("If", ["x"], ["out"], name="out", then_branch=inner, else_branch=GraphProto())
    assert names(chosen, node("late", "x")) == ["late", "out"]


@pytest.mark.parametrize("twice", [["a", "a"], ["a", "b", "a"]])
def test_a_name_that_is_written_twice_ends(twice: list[str]) -> None:
    made = [node("end", "a"), *(node(name, "x") for name in twice)]
    assert sorted(names(*made)) == sorted(["end", *twice])
