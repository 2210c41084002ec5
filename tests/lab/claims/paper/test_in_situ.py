"""Blocks added up from operators that were timed inside networks."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import Stem, get_preset
from dsim.arch.arch import Arch
from dsim.device.profile import DeviceProfile, MeasuredOp
from dsim.graph.store import save_graphs
from dsim.op import OpKind
from lab.claims.paper import Inputs, Ruling, attention, dimension, stem
from lab.claims.paper.in_situ import median_piece, median_range, parts_of
from tests.lab.claims.paper.made import profile

L1 = get_preset("efficientformer_l1")


def priced(folder: Path, archs: dict[str, Arch], ms) -> DeviceProfile:  # type: ignore[no-untyped-def]
    """Make a profile whose operators take what ``ms(op, scope)`` says."""
    graphs = {f"design-{name}@224": arch.to_graph() for name, arch in archs.items()}
    save_graphs(folder / "graphs.parquet", graphs)
    ops = [
        MeasuredOp(node.op, ms(node.op, node.scope), 1, key, n, "in situ", "made", "none")
        for key, graph in graphs.items()
        for n, node in enumerate(graph.nodes)
    ]
    return profile(ops=ops, folder=folder)


def scaled(width: int) -> Arch:
    stages = (replace(L1.stages[0], width=width), *L1.stages[1:])
    return replace(L1, stages=stages)


FIVE = {str(width): scaled(width) for width in (16, 24, 32, 40, 48)}


def test_modules_add_up_to_the_network(tmp_path: Path) -> None:
    made = priced(tmp_path, {"one": L1}, lambda op, scope: 0.5)
    parts = parts_of(made)
    assert sum(part.latency_ms for part in parts) == pytest.approx(0.5 * len(L1.to_graph().nodes))
    assert sum(part.macs for part in parts) == L1.to_graph().macs
    assert [part.scope for part in parts if part.holds(OpKind.SOFTMAX)] == ["stages.3.blocks.3"]


def test_a_module_with_an_attributed_time_is_no_evidence(tmp_path: Path) -> None:
    made = priced(tmp_path, {"one": L1}, lambda op, scope: 0.5)
    ops = tuple(replace(row, how="attributed") if row.op.kind is OpKind.SOFTMAX else row for row in made.ops)
    left = {part.scope for part in parts_of(replace(made, ops=ops))}
    assert {part.scope for part in parts_of(made)} - left == {"stages.3.blocks.3"}


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Ruling.HOLDS), (1.3, Ruling.FAILS)])
def test_attention_by_its_work(tmp_path: Path, factor: float, verdict: Ruling) -> None:
    # every operator takes what it computes; those of blocks with attention take factor times that
    made = priced(
        tmp_path, FIVE, lambda op, scope: op.macs / 1e6 * (factor if scope == "stages.3.blocks.3" else 1.0)
    )
    check = attention.judge(attention.LAST, made, Inputs())
    assert check.verdict is verdict
    assert check.value == pytest.approx(100 * (factor - 1))
    assert check.pieces[0].count == 5


@pytest.mark.parametrize(("share", "verdict"), [(0.1, Ruling.HOLDS), (0.01, Ruling.OPEN)])
def test_share_of_reordering(tmp_path: Path, share: float, verdict: Ruling) -> None:
    block = [node.op for node in L1.to_graph().nodes if node.scope == "stages.3.blocks.3"]
    moved = sum(op.kind in dimension.REORDER for op in block)
    one, other = share / moved, (1 - share) / (len(block) - moved)
    made = priced(tmp_path, FIVE, lambda op, scope: one if op.kind in dimension.REORDER else other)
    check = dimension.judge(made, Inputs())
    assert check.verdict is verdict
    assert check.value == pytest.approx(100 * share)


@pytest.mark.parametrize(("patch_ms", "verdict"), [(4.0, Ruling.HOLDS), (1.0, Ruling.FAILS)])
def test_stems_of_one_width(tmp_path: Path, patch_ms: float, verdict: Ruling) -> None:
    patches = {
        f"patch-{name}": replace(arch, stem=Stem.PATCHIFY, stem_activation=None)
        for name, arch in FIVE.items()
    }

    def ms(op, scope):  # type: ignore[no-untyped-def]
        if op.kind is not OpKind.CONV2D:
            return 0.0
        return patch_ms if op.attrs.kernel == (4, 4) else 1.0  # two convolutions: 2 ms

    check = stem.judge(priced(tmp_path, FIVE | patches, ms), Inputs())
    assert check.verdict is verdict
    assert check.value == pytest.approx(100 * (patch_ms / 2 - 1))


def test_too_few_make_no_median() -> None:
    assert median_piece("w", "a", "b", [0.1] * 4, (1.0, 1.0), "made") is None
    found = median_piece("w", "a", "b", [math.log(1.1)] * 5, (1.0, 1.1), "made")
    assert found is not None
    assert found.value == pytest.approx(10)


def test_range_of_a_median_by_order_statistics() -> None:
    # of 20 values the 6th and the 15th: 2 P(B(20, 1/2) <= 5) = 4.1%, one further in would be 11.5%
    assert median_range([float(x) for x in range(1, 21)]) == (6.0, 15.0)
    assert median_range([3.0, 1.0, 2.0, 5.0, 4.0]) == (1.0, 5.0)
    assert median_range([2.0, 1.0]) == (1.0, 2.0)
