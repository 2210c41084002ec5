"""What other forms and lengths did on a stack: shown where grade A was timed there, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

from dsim.arch import get_preset
from dsim.device import find_profile
from dsim.device.graded import Grade, packs
from dsim.graph import Graph, GraphBuilder
from dsim.op import OpKind
from dsim.report.other_forms import other_forms_table
from dsim.shift.other_forms import other_forms

PHONE, OTHER = find_profile("galaxy-s26-npu-litert"), find_profile("iphone12")
L1 = get_preset("efficientformer_l1")


def test_forms_of_functions_that_the_design_holds_on_the_stack_that_timed_them() -> None:
    (found,) = other_forms(L1.to_graph(), [OTHER, PHONE])
    assert found.device == PHONE.name
    named = {(one.before, one.after) for one in found.contrasts}
    assert ("GELU, tanh formula written out", "GELU, erf as a chain of 96 operators") in named
    assert ("GELU, tanh formula written out", "the same with tanh as 2*sigmoid(2y)-1") in named
    assert ("softmax, built in", "softmax, written out") in named
    assert ("layer norm, built in", "layer norm, written out") in named  # in its attention blocks
    assert {one.grade for one in found.contrasts} == {Grade.A}
    assert {one.unit for one in found.contrasts} == {"npu"}  # the same phone's GPU is another stack
    assert (found.tokens, found.least_tokens) == ((49,), 1024)


def test_a_design_without_the_function_is_told_nothing_of_it() -> None:
    def network(kind: OpKind) -> Graph:
        b = GraphBuilder()
        return b.build(b.add(kind, b.input((1, 8))))

    (found,) = other_forms(network(OpKind.GELU), [PHONE])
    assert {one.before.split(",")[0] for one in found.contrasts} == {"GELU"}
    assert found.least_tokens == 0  # it looks at no tokens
    assert other_forms(network(OpKind.RELU), [PHONE]) == ()


def test_other_grades_say_nothing() -> None:
    worse = [replace(one, grade=Grade.B) for one in packs()]
    assert other_forms(L1.to_graph(), [PHONE], worse) == ()


def test_the_table_names_network_and_time_and_adds_nothing() -> None:
    data = other_forms_table(other_forms(L1.to_graph(), [PHONE]))
    (row,) = [row for row in data.rows if "96 operators" in row[1]]
    assert row[0] == PHONE.name
    assert "ViT-S style" in row[2]
    assert row[3] == "54 to 89.8 ms (+66%)"  # 53.994 and 89.828 ms in the pack
    assert "nothing is added" in data.note
    assert "This design looks at 49 tokens; nothing is known of fewer than 1024." in data.note
