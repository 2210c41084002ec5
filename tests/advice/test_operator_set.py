"""Advice on a file of an old operator set: the cause is named, evidence of the very stack alone proposes, and --write raises the set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

import dsim
from dsim.advice import Verdict
from dsim.device import GradedContrast, find_profile, operator_set
from dsim.device.graded import Grade
from tests.graph.onnx_files import exported

CPU = "epyc-zen4-onnxruntime"


class Block(nn.Module):
    """A convolution and a norm over channels, as in ConvNeXt."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), nn.LayerNorm(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.conv(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(Block(), (1, 3, 16, 16), tmp_path_factory.mktemp("old") / "net.onnx", opset=14)


def timed(before_ms: float, after_ms: float) -> GradedContrast:
    profile = find_profile(CPU)
    return GradedContrast(
        grade=Grade.A, kind=operator_set.KIND, before=operator_set.SOME, after=operator_set.RAISED, network="a net", context="",
        shapes="1x3x16x16", batch=1, measures="latency", before_ms=before_ms, after_ms=after_ms, before_low_ms=None,
        before_high_ms=None, after_low_ms=None, after_high_ms=None, spread="", before_top1=None, after_top1=None, device="made",
        chip=profile.chip, unit="cpu", runtime="ONNX Runtime 1.32.0", version="CPU", precision="float32", fell="", why="made",
        source="made", table="made", licence="CC0-1.0",
    )  # fmt: skip


def test_the_operator_set_is_named_as_the_cause_and_raised(old: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.onnx"
    advice = dsim.advise(old, CPU, among=[timed(16.0, 12.0), timed(10.0, 9.0)], write=target)
    (found,) = advice.proposed
    assert found.what == "operator set 17 in place of 14: ONNX Runtime then fuses the layer norms"
    assert found.places == 1
    assert found.gain is not None
    assert found.gain.changes == pytest.approx((-0.25, -0.1))
    assert "exported anew with operator set 17 or later" in found.says
    assert advice.written is not None
    assert (advice.written.opset_before, advice.written.opset_after) == (14, 17)
    kinds = [[node.op_type for node in onnx.load(path).graph.node] for path in (old, target)]
    assert kinds[0] == kinds[1]  # nothing but the operator set has changed
    assert dsim.advise(target, CPU, among=[timed(16.0, 12.0)]).proposed == ()


def test_without_evidence_of_this_stack_it_is_not_proposed(old: Path, tmp_path: Path) -> None:
    made = timed(16.0, 12.0)
    for among in (
        [],
        [replace(made, grade=Grade.C)],
        [replace(made, runtime="ONNX Runtime 1.31.0")],
        [replace(made, chip="another chip")],
    ):
        advice = dsim.advise(old, CPU, among=among)
        assert advice.proposed == ()
        assert [one.verdict for one in advice.rewrites if one.operator_set] == [Verdict.UNKNOWN]
    (none,) = (one for one in dsim.advise(old, CPU, among=[timed(16.0, 15.9)]).rewrites if one.operator_set)
    assert none.verdict is Verdict.NO_GAIN
    written = dsim.advise(old, CPU, among=[], write=tmp_path / "new.onnx", untimed=True).written
    assert written is not None
    assert "operator set 17 in place of 14" in written.done[0]


def test_what_was_timed_of_many_norms_says_nothing_of_few(tmp_path: Path) -> None:
    class Deep(nn.Module):
        def __init__(self, depth: int) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, 8, 1)
            self.norms, self.mlps = (
                nn.ModuleList(make() for _ in range(depth))
                for make in (lambda: nn.LayerNorm(8), lambda: nn.Conv2d(8, 8, 1))
            )

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            x = self.stem(x)
            for norm, mlp in zip(self.norms, self.mlps, strict=True):
                x = mlp(norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2))
            return x

    many = replace(timed(16.0, 12.0), before=operator_set.BETWEEN)
    few, deep = (
        exported(Deep(depth), (1, 3, 16, 16), tmp_path / f"{depth}.onnx", opset=14)
        for depth in (operator_set.FEW, operator_set.FEW + 1)
    )
    assert dsim.advise(few, CPU, among=[many]).proposed == ()
    (found,) = dsim.advise(deep, CPU, among=[many, timed(16.0, 15.9)]).proposed
    assert found.places == operator_set.FEW + 1
    assert found.gain is not None
    assert found.gain.changes == pytest.approx((-0.25,))


def test_a_form_is_no_part_of_it(old: Path) -> None:
    """What a norm in one op gains beyond the operator set is its own evidence."""
    advice = dsim.advise(old, CPU, among=[timed(16.0, 12.0)])
    (form,) = (one for one in advice.rewrites if one.before)
    assert form.verdict is Verdict.UNKNOWN


def test_what_the_runtime_did_on_another_chip_is_told_and_proposes_nothing(old: Path) -> None:
    there = timed(16.0, 12.0)
    for device in (
        "epyc-zen3-onnxruntime",
        "raspberry-pi-5-onnxruntime",
    ):  # of this version, and of one that nobody wrote down
        advice = dsim.advise(old, device, among=[there])
        assert advice.proposed == ()
        (found,) = (one for one in advice.rewrites if one.operator_set)
        assert (found.verdict, found.gain) == (Verdict.UNKNOWN, None)
        assert "-25% in 1 contrast of grade A on another chip through the same runtime (a net)" in found.says
        assert "no figure for this chip" in found.says
    for device in (
        "epyc-zen3-openvino",
        "jetson-orin-nano-onnxruntime-cuda",
    ):  # another runtime, another unit
        assert "another chip" not in str(dsim.advise(old, device, among=[there]).to_dict())
    (form,) = (
        one for one in dsim.advise(old, "8-elite-gen5-onnx-float", among=[there]).rewrites if one.before
    )
    assert (
        "for an accelerator ONNX Runtime itself fuses norms in steps only in files of operator set 17"
        in form.says
    )
    for among in ([replace(there, grade=Grade.C)], [replace(there, precision="int8")]):
        assert "another chip" not in str(dsim.advise(old, "epyc-zen3-onnxruntime", among=among).to_dict())
