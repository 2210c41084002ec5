"""Advice: evidence of the very stack proposes, wrong evidence does not; what is written is run first."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from click.testing import CliRunner
from torch import nn

import dsim
from dsim.advice import Rewrite, Verdict, Way, equal
from dsim.advice.evidence import ALL_SIDES, form_gain, merge_gain
from dsim.advice.write import write_rewrites
from dsim.cli.main import dsim as command
from dsim.device import find_profile
from dsim.device.form_notes import SIDES
from dsim.device.graded import Grade, packs
from dsim.device.tells import Scope, contrasts_on
from dsim.errors import DsimError, FileAccessError, InvalidValueError, UnavailableError
from dsim.graph.forms import Form
from dsim.graph.onnx.rewriting import read_source
from tests.graph.onnx_files import exported

GALAXY = "galaxy-s26-npu-litert"
STEPS, OP = SIDES["GELU, tanh formula written out"], SIDES["GELU, built in, tanh formula"]


class Mlp(nn.Module):
    def __init__(self, approximate: str = "tanh") -> None:
        super().__init__()
        self.norm, self.act = nn.LayerNorm(8), nn.GELU(approximate=approximate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.norm(x))


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return exported(Mlp(), (1, 4, 8), tmp_path_factory.mktemp("net") / "net.onnx", opset=14)


def test_a_form_is_proposed_where_this_very_stack_was_timed(net: Path) -> None:
    advice = dsim.advise(net, GALAXY)
    gelu, norm = advice.proposed
    # DINOv2 ViT-S/14 took 85.886 ms with GELU in steps, 38.476 with one op: tests/device checks the pack
    assert gelu.what == "GELU by tanh, one op in place of GELU by tanh, written out"
    assert gelu.places == 1
    assert gelu.gain is not None
    assert gelu.gain.grade is Grade.A
    assert gelu.gain.changes == pytest.approx((38.476 / 85.886 - 1,))
    assert norm.what == "layer norm, one op in place of layer norm, written out"
    assert norm.gain is not None
    assert norm.gain.changes == pytest.approx((9.413 / 11.409 - 1,))
    assert advice.written is None
    assert "2 rewrites" in advice.answer


def test_other_evidence_proposes_nothing(net: Path) -> None:
    right = [one for one in packs() if one.kind == "form"]
    for among in (
        [replace(one, grade=Grade.C) for one in right],
        [replace(one, unit="gpu") for one in right],
        [replace(one, runtime="QNN") for one in right],
        [replace(one, precision="int8") for one in right],
        [],
    ):
        advice = dsim.advise(net, GALAXY, among=among)
        assert advice.proposed == ()
        assert advice.answer.startswith("nothing to advise")
        assert {one.verdict for one in advice.rewrites} == {Verdict.UNKNOWN}
    same = [replace(one, after_ms=one.before_ms, after_low_ms=None, after_high_ms=None) for one in right]
    assert {one.verdict for one in dsim.advise(net, GALAXY, among=same).rewrites if one.before} == {
        Verdict.NO_GAIN
    }


def test_evidence_of_the_chip_through_another_runtime_is_told_and_proposes_nothing(net: Path) -> None:
    advice = dsim.advise(net, "8-elite-gen5-qnn-float")
    assert advice.proposed == ()
    gelu = next(one for one in advice.rewrites if one.before == STEPS)
    assert "through another runtime or at another precision -55%" in gelu.says


def test_two_contrasts_that_share_a_form_are_of_grade_b() -> None:
    seen = contrasts_on(find_profile(GALAXY))
    erf = Form("gelu", "erf")
    gain = form_gain(seen, ALL_SIDES["GELU, erf as a chain of 96 operators"], erf)
    assert gain is not None
    assert gain.grade is Grade.B
    # 89.828 to 53.994 ms in one network, then 85.886 to 41.9 and 326.904 to 141.963 in two others
    steps = 53.994 / 89.828
    assert gain.changes == pytest.approx((steps * 141.963 / 326.904 - 1, steps * 41.9 / 85.886 - 1))
    assert form_gain(seen, erf, Form("layer_norm")) is None


@pytest.mark.slow
def test_merging_rests_on_networks_that_were_timed_both_ways() -> None:
    gain = merge_gain(find_profile("xeon-amx-onnxruntime"))
    assert gain is not None
    # networks.csv: 56.827 to 37.16, 40.316 to 35.304 and 11.938 to 10.968 ms; the two others have no branches, only norms
    assert gain.changes == pytest.approx((37.16 / 56.827 - 1, 35.304 / 40.316 - 1, 10.968 / 11.938 - 1))
    assert gain.scope == str(Scope.STACK)
    assert merge_gain(find_profile("iphone12")) is None


def test_what_changes_the_function_is_told_apart_with_its_drop(tmp_path: Path) -> None:
    path = exported(nn.LayerNorm(8), (1, 4, 8), tmp_path / "norm.onnx")
    advice = dsim.advise(path, "hailo8")
    assert advice.proposed == ()
    (change,) = advice.changes
    assert change.what == "batch norm in place of layer norm"
    assert "-6.8 points for ViT-tiny (Hailo Model Zoo)" in change.drop
    advice = dsim.advise(exported(nn.Hardswish(), (1, 4, 8, 8), tmp_path / "act.onnx"), "iphone12")
    assert [(one.what, one.drop) for one in advice.changes] == [
        ("gelu in place of hardswish", "drop not known")
    ]


def test_what_is_written_computes_the_same(net: Path, tmp_path: Path) -> None:
    better = tmp_path / "better.onnx"
    advice = dsim.advise(net, GALAXY, write=better)
    assert advice.written is not None
    assert advice.written.largest_difference < 1e-6
    assert (advice.written.opset_before, advice.written.opset_after) == (14, 20)
    found = [node.op_type for node in onnx.load(better).graph.node]
    assert sorted(found) == ["Gelu", "LayerNormalization"]
    again = dsim.advise(better, GALAXY, write=tmp_path / "again.onnx")
    assert again.proposed == ()
    assert not (tmp_path / "again.onnx").exists()
    assert "there is nothing to rewrite" in again.notes[-1]


def test_what_differs_by_more_than_rounding_is_found(net: Path, tmp_path: Path) -> None:
    one = read_source(net)
    other = read_source(exported(Mlp("none"), (1, 4, 8), tmp_path / "erf.onnx", opset=14))
    same = equal.compare(
        one.model, one.model, {"input": (1, 4, 8)} | dict.fromkeys(one.network.inputs, (1, 4, 8))
    )
    assert same.equal
    far = equal.compare(one.model, other.model, dict.fromkeys(one.network.inputs, (1, 4, 8)))
    assert not far.equal  # the two formulas of GELU are 5e-4 apart
    assert not replace(same, largest=float("nan")).equal


def test_untimed_rewrites_are_written_only_when_asked(net: Path, tmp_path: Path) -> None:
    device = "8-elite-gen5-qnn-float"
    assert dsim.advise(net, device, write=tmp_path / "a.onnx").written is None
    written = dsim.advise(net, device, write=tmp_path / "a.onnx", untimed=True).written
    assert written is not None
    assert len(written.done) == 2


def test_a_branchy_file_is_merged(tmp_path: Path) -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wide, self.narrow = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.wide(x) + self.narrow(x) + x)

    path = exported(Two(), (1, 3, 8, 8), tmp_path / "two.onnx")
    asked = Rewrite("merged", 1, Verdict.PROPOSED, None, Way.BRANCHES, "")
    written = write_rewrites(path, tmp_path / "one.onnx", [asked])
    assert written is not None
    assert written.done == ("merged, 3 branches",)
    assert [node.op_type for node in onnx.load(tmp_path / "one.onnx").graph.node] == ["Conv", "Relu"]


def test_targets_that_cannot_be_written_are_refused(net: Path, tmp_path: Path) -> None:
    for write, says in (
        (net, "must not name the file that is read"),
        (tmp_path / "better.tflite", "must name an .onnx file"),
        (tmp_path / "no" / "better.onnx", "needs a folder that exists"),
    ):
        with pytest.raises(InvalidValueError, match=says):
            dsim.advise(net, GALAXY, write=write)
    with pytest.raises(
        InvalidValueError, match=r"needs a network from an \.onnx file, got efficientformer_l1"
    ):
        dsim.advise("efficientformer_l1", GALAXY, write=tmp_path / "a.onnx")
    with pytest.raises(FileAccessError, match="found none"):
        dsim.advise(tmp_path / "none.onnx", GALAXY)
    (tmp_path / "text.onnx").write_text("no network")
    with pytest.raises(DsimError, match="must be an ONNX model"):
        dsim.advise(tmp_path / "text.onnx", GALAXY)


def test_a_file_that_cannot_be_run_is_not_written(tmp_path: Path) -> None:
    path = exported(Mlp(), (1, 4, 8), tmp_path / "net.onnx", opset=14)
    model = onnx.load(path)
    model.graph.node.append(
        onnx.helper.make_node("Sign", [model.graph.output[0].name], ["x"], domain="nobody")
    )
    model.graph.output.append(onnx.helper.make_tensor_value_info("x", 1, [1, 4, 8]))
    model.opset_import.append(onnx.helper.make_opsetid("nobody", 1))
    onnx.save(model, path)
    with pytest.raises(UnavailableError, match="nothing was written"):
        dsim.advise(path, GALAXY, write=tmp_path / "better.onnx")
    assert not (tmp_path / "better.onnx").exists()


def test_the_command_says_it_in_words_and_in_json(net: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, ["advise", str(net), "--device", GALAXY, "--details"])
    assert done.exit_code == 0, done.output
    assert "Rewrites that keep what it computes" in done.output
    found = CliRunner().invoke(
        command, ["advise", str(net), "--device", GALAXY, "--json", "--write", str(tmp_path / "b.onnx")]
    )
    told = json.loads(found.output)
    assert [one["verdict"] for one in told["rewrites"]][:2] == ["proposed", "proposed"]
    assert told["written"]["path"] == str(tmp_path / "b.onnx")
    assert np.isfinite(told["written"]["largest_difference"])
    assert CliRunner().invoke(command, ["advise", str(net), "--device", GALAXY, "--untimed"]).exit_code == 2
