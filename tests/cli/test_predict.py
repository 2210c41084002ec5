"""``dsim predict``: every way to name a network, and every way to get it wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_output import run, run_json

SOURCE = """
from torch import nn


def net():
    return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 1))


def odd():
    return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.Softplus(), nn.Conv2d(16, 32, 1))


def fails():
    raise RuntimeError("two\\nlines")


def number():
    return 3
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "model.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def test_a_function_of_ones_own_is_priced_at_the_input_given(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_json(capsys, "predict", f"{source}:net", "--device", "iphone12", "--input", "1x3x64x64")
    # by hand: 32 x 32 outputs of 3 x 3 x 3 x 16, then of 16 x 32
    assert told["macs"] == 32 * 32 * (27 * 16 + 16 * 32)
    assert told["complete"]
    larger = run_json(capsys, "predict", f"{source}:net", "--device", "iphone12")
    assert larger["latency_ms"] > told["latency_ms"]


def test_an_operator_without_a_price_makes_a_lower_bound_and_strict_refuses_it(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_json(capsys, "predict", f"{source}:odd", "--device", "iphone12")
    assert not told["complete"]
    (op,) = [op for op in told["ops"] if op["evidence"] == "unsupported"]
    assert op["kind"] == "softplus"
    assert op["latency_ms"] > 0.0
    code, out, _ = run(capsys, "predict", f"{source}:odd", "--device", "iphone12")
    assert code == 0
    assert "at least" in out
    code, out, err = run(capsys, "predict", f"{source}:odd", "--device", "iphone12", "--strict")
    assert code == 1
    assert not out
    assert "softplus" in err


@pytest.mark.parametrize(
    ("model", "options", "rule"),
    [
        ("{file}:fails", (), "failed with RuntimeError: two lines"),
        ("{file}:number", (), "must give a torch.nn.Module, got int"),
        ("{file}:nothing", (), "has no function 'nothing'"),
        ("{file}.missing.py:net", (), "no such file"),
        ("no_such_preset", (), "unknown preset"),
        ("no_such.onnx", (), "check the path"),
        ("efficientformer_l1", ("--input", "1x3x256x256"), "a design has its own input"),
        ("efficientformer_l1", ("--input", "224"), "must read like 1x3x224x224"),
        ("{file}:net", ("--input", "1x4x64x64"), "1, 4, 64, 64"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    source: Path,
    capsys: pytest.CaptureFixture[str],
    model: str,
    options: tuple[str, ...],
    rule: str,
) -> None:
    code, out, err = run(capsys, "predict", model.format(file=source), "--device", "iphone12", *options)
    assert code == 1
    assert not out
    assert rule in err
    assert "Traceback" not in err


def test_several_devices_give_a_row_each_and_one_that_fails_keeps_its_reason(
    capsys: pytest.CaptureFixture[str],
) -> None:
    told = run_json(capsys, "predict", "efficientformer_l1", "--device", "iphone12,iphone99,iphone13")
    assert [row["device"] for row in told["devices"]] == ["iphone12", "iphone99", "iphone13"]
    assert "unknown device" in told["devices"][1]["error"]
    assert told["devices"][0]["latency_ms"] < told["devices"][0]["high_ms"]
    code, out, _ = run(capsys, "predict", "efficientformer_l1", "--device", "iphone12", "--by", "block")
    assert code == 0
    assert "stages.0" in out or "stage" in out
