"""Graded contrasts: what a row must be, which stack it speaks of, and that grade A alone tells a choice apart."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.device import contrasts_on, find_profile, tells_apart
from dsim.device.graded import COLUMNS, Grade, GradedContrast, packs, read_pack
from dsim.device.tells import Scope, unit_of
from dsim.errors import FileFormatError, InvalidValueError

MADE = GradedContrast(
    grade=Grade.A, kind="activation", before="GELU", after="ReLU", network="a net", context="", shapes="1x8x8x8", batch=1,
    measures="latency", before_ms=2.0, after_ms=1.0, before_low_ms=1.9, before_high_ms=2.2, after_low_ms=None,
    after_high_ms=None, spread="smallest and largest of 50 runs", before_top1=None, after_top1=None, device="iPhone 12",
    chip="A14", unit="npu", runtime="Core ML", version="iOS 16", precision="float16", fell="", why="made", source="a paper",
    table="1", licence="MIT",
)  # fmt: skip


def test_the_packs_hold_what_their_sources_say() -> None:
    found = {(one.kind, one.network, one.unit, one.before, one.after): one for one in packs()}
    levit = found["activation", "LeViT-256", "npu", "hardswish", "GELU"]
    assert (levit.before_ms, levit.after_ms, levit.grade, levit.fell) == (44.5, 11.9, Grade.A, "before")
    written, built = "GELU, tanh formula written out", "GELU, built in, erf formula"
    npu, gpu = (found["form", "DINOv2 ViT-S/14", unit, written, built] for unit in ("npu", "gpu"))
    assert (npu.before_ms, npu.after_ms, gpu.before_ms, gpu.after_ms) == (85.886, 41.9, 54.232, 55.202)
    assert (npu.before_low_ms, npu.before_high_ms) == (84.62, 87.071)
    assert {one.grade for one in packs() if one.runtime == "HailoRT"} == {Grade.B}
    assert {one.measures for one in packs() if one.runtime == "HailoRT"} == {"throughput"}
    rockchip = [one for one in packs() if one.runtime == "RKNN"]
    assert {one.grade for one in rockchip} == {Grade.C}
    assert len({one.chip for one in rockchip}) == 7
    assert all(1.13 <= one.after_ms / one.before_ms < 1.495 for one in rockchip)
    # whole milliseconds in the source: half of one either way
    se = found["se", "ResNet-50", "npu", "no gate", "squeeze-and-excitation"]
    assert (se.before_low_ms, se.before_high_ms, se.fell) == (3.5, 4.5, "after")


def test_a_folded_batch_norm_is_no_contrast_of_norms() -> None:
    with pytest.raises(InvalidValueError, match="a folded batch norm says nothing about norms"):
        replace(MADE, kind="norm", before="conv without norm", after="conv and batch norm (folded)")


def test_a_row_that_breaks_a_rule_is_refused() -> None:
    with pytest.raises(InvalidValueError, match=r"kind must be one of activation, .*'colour'"):
        replace(MADE, kind="colour")
    with pytest.raises(InvalidValueError, match="before_ms must be positive and lie within its spread"):
        replace(MADE, before_ms=3.0)
    with pytest.raises(InvalidValueError, match="before and after must differ"):
        replace(MADE, after="GELU")


def test_a_pack_names_the_row_that_breaks_a_rule(tmp_path: Path) -> None:
    row = {name: getattr(MADE, name) for name in COLUMNS} | {"grade": "D"}
    with (tmp_path / "made.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow({name: "" if value is None else value for name, value in row.items()})
    with pytest.raises(FileFormatError, match=r"row 2, column 'grade': must be A, B or C, got 'D'"):
        read_pack(tmp_path / "made.csv")


def test_only_grade_a_on_the_stack_itself_tells_apart() -> None:
    phone = replace(find_profile("iphone13"), chip="A14")  # a stack without contrasts of its own
    other = replace(MADE, kind="norm", before="layer norm", after="batch norm")
    made = [
        replace(other, grade=Grade.B, why="trained anew"),
        replace(MADE, runtime="ONNX Runtime", kind="form"),
        replace(MADE, unit="gpu", kind="se"),
        replace(MADE, chip="A15", kind="groups"),
    ]
    assert tells_apart(phone, made) == ()
    assert [(seen.scope, seen.contrast.kind) for seen in contrasts_on(phone, made)] == [
        (Scope.STACK, "norm"),
        (Scope.CHIP, "form"),
    ]
    assert tells_apart(phone, [*made, MADE]) == ("activation",)


def test_throughput_and_another_precision_are_another_stack() -> None:
    phone = find_profile("iphone13")
    made = [
        replace(MADE, chip="A15", measures="throughput"),
        replace(MADE, chip="A15", precision="8-bit integers"),
    ]
    assert [seen.scope for seen in contrasts_on(phone, made)] == [Scope.CHIP, Scope.CHIP]
    of_precision = replace(
        MADE, chip="A15", kind="precision", before="float16", after="8-bit", precision="8-bit"
    )
    assert tells_apart(phone, [of_precision]) == ("precision",)


def test_the_bundled_profiles_tell_what_their_contrasts_do() -> None:
    assert tells_apart(find_profile("epyc-zen3-openvino")) == ("activation", "norm")
    assert "activation" in tells_apart(find_profile("iphone12"))
    assert "norm" not in tells_apart(find_profile("iphone12"))
    assert tells_apart(find_profile("pixel6-cpu")) == ()


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("all units allowed; Core ML chooses, mostly the Neural Engine", "npu"),
        ("Neural Engine; the CPU allowed beside it", "npu"),
        ("NPU (Hexagon)", "npu"),
        ("Edge TPU", "npu"),
        ("GPU; the CPU allowed beside it", "gpu"),
        ("CPU", "cpu"),
        ("unstated", ""),
    ],
)
def test_units_are_read_from_words(words: str, unit: str) -> None:
    assert unit_of(words) == unit
