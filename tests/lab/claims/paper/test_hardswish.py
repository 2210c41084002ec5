"""Hardswish against GELU: the published pair holds for its stack, and blocks timed by dsim say what they say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.claims.paper import Inputs, Ruling
from lab.claims.paper.hardswish import judge
from tests.lab.claims.paper.made import contrast, profile

PHONE = replace(
    profile(chip="A14", runtime="Core ML"), compute_unit="mostly the Neural Engine", precision="float16"
)


def test_the_published_pair_holds_for_its_stack_alone() -> None:
    found = judge(PHONE, Inputs())
    assert found.verdict is Ruling.STACK == "holds for that stack"
    assert found.value == pytest.approx(100 * (44.5 / 11.9 - 1))
    other = judge(replace(PHONE, chip="A15"), Inputs())
    assert other.verdict is Ruling.OPEN
    assert other.pieces == ()
    through_another = judge(replace(PHONE, runtime="ONNX Runtime"), Inputs())
    assert through_another.verdict is Ruling.OPEN
    assert "grade A, this chip" in through_another.pieces[0].why_not


def test_blocks_timed_here_decide_elsewhere() -> None:
    def server(change: float) -> Ruling:
        made = contrast(
            "activation:gelu>hardswish", "g", "h", 10.0, 10.0 + change, change - 0.1, change + 0.1
        )
        return judge(profile(contrasts=[made]), Inputs()).verdict

    assert server(-1.0) is Ruling.FAILS
    assert server(2.0) is Ruling.STACK
