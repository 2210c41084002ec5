"""What graded contrasts say of a network's patterns: lengths beside the aligned ones, and operators that fell on the stack."""

from __future__ import annotations

from dataclasses import replace

from dsim.attrs import AxisAttrs, ConstantAttrs, ConvAttrs, NoAttrs
from dsim.device import find_profile
from dsim.graph import Graph, GraphBuilder
from dsim.network.patterns import pattern_notes, token_lengths
from dsim.op import OpKind

GALAXY, IPHONE = find_profile("galaxy-s26-npu-litert"), find_profile("iphone12")


def attention(tokens: int) -> Graph:
    b = GraphBuilder()
    return b.build(b.add(OpKind.SOFTMAX, b.input((1, 2, tokens, tokens)), attrs=AxisAttrs(3)))


def test_lengths_are_those_that_a_softmax_looks_at() -> None:
    assert token_lengths(attention(1025)) == (1025,)
    b = GraphBuilder()  # the softmax over classes at a network's end is no attention
    assert token_lengths(b.build(b.add(OpKind.SOFTMAX, b.input((1, 1000)), attrs=AxisAttrs(1)))) == ()


def test_a_length_that_is_not_aligned_is_said_where_it_was_seen_to_pay() -> None:
    (note,) = pattern_notes(attention(1500), GALAXY)
    # 12.287 / 9.359 and 86.712 / 16.093 are the least and the most of ten
    assert "+31% to +439% in 10 contrasts of grade A, from 1024 tokens on; it may pay as much" in note
    (note,) = pattern_notes(attention(196), GALAXY)
    assert "nothing is known of so few" in note
    assert pattern_notes(attention(1024), GALAXY) == ()
    assert pattern_notes(attention(1500), IPHONE) == ()
    assert pattern_notes(attention(1500), replace(GALAXY, runtime="QNN")) == ()


def test_an_operator_that_fell_on_this_stack_is_said() -> None:
    b = GraphBuilder()
    graph = b.build(b.add(OpKind.HARDSWISH, b.input((1, 8, 4, 4)), attrs=NoAttrs()))
    (note,) = pattern_notes(graph, IPHONE)
    assert note.startswith(
        "hardswish took LeViT-256 off the accelerator on this stack (44.5 ms, and 11.9 with GELU;"
    )
    assert pattern_notes(graph, GALAXY) == ()


def test_groups_and_gates_fell_on_a_board() -> None:
    board = replace(
        IPHONE, chip="RZ/V2H", runtime="DRP-AI TVM", compute_unit="NPU", precision="8-bit integers"
    )

    def convolution(groups: int) -> Graph:
        b = GraphBuilder()
        return b.build(b.add(OpKind.CONV2D, b.input((1, 8, 4, 4)), attrs=ConvAttrs(8, (3, 3), groups=groups)))

    (note,) = pattern_notes(convolution(4), board)
    assert "RepVGG-B1" in note
    assert (
        pattern_notes(convolution(1), board) == pattern_notes(convolution(8), board) == ()
    )  # plain, and depthwise
    b = GraphBuilder()
    whole, gate = b.input((1, 8, 4, 4)), b.input((1, 8, 1, 1))
    notes = pattern_notes(b.build(b.add(OpKind.MUL, whole, gate, attrs=ConstantAttrs())), board)
    assert "ResNet-50 off the accelerator on this stack (95 ms, and 4 with no gate" in notes[0]
