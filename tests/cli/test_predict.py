"""``dsim predict``: every way to name a network, and every way to get it wrong."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.test_output import run, run_json

SOURCE = """
import torch
from torch import nn


def net():
    return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 1))


def odd():
    return nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.Softplus(), nn.Conv2d(16, 32, 1))


class Spectrum(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return torch.fft.rfft2(self.inner(x)).abs()


def spectrum():
    return Spectrum()


def fails():
    raise RuntimeError("two\\nlines")


def number():
    return 3


class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(3, 8, 1), nn.Conv2d(4, 8, 1)

    def forward(self, left, right):
        return self.a(left) + self.b(right)


def two():
    return Two()


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.large, self.small = nn.Conv2d(3, 64, 3, 2, 1), nn.Conv2d(3, 64, 1, 2)

    def forward(self, x):
        return (self.large(x) + self.small(x)).relu()


def branches():
    return Branches()


class Grey(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Conv2d(1, 4, 3)

    def forward(self, picture):
        return self.inner(picture)


grey = Grey()
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


def test_an_operator_without_a_price_makes_the_estimate_incomplete_and_strict_refuses_it(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_json(capsys, "predict", f"{source}:odd", "--device", "iphone12")
    assert not told["complete"]
    assert told["high_ms"] is None
    assert told["uncounted"] == []  # softplus is element-wise: it has a count, and no price
    (op,) = [op for op in told["ops"] if op["evidence"] == "unsupported"]
    assert op["kind"] == "softplus"
    assert op["latency_ms"] > 0.0
    code, out, _ = run(capsys, "predict", f"{source}:odd", "--device", "iphone12")
    assert code == 0
    assert "at least" not in out  # nothing bounds it
    assert "incomplete estimate," in out
    assert " to ? ms" in out
    code, out, err = run(capsys, "predict", f"{source}:odd", "--device", "iphone12", "--strict")
    assert code == 1
    assert not out
    assert "softplus" in err


def test_an_operator_that_no_rule_counts_makes_lower_bounds_of_all_totals(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = run_json(capsys, "predict", f"{source}:spectrum", "--device", "iphone12", "--input", "1x3x32x32")
    assert told["uncounted"] == ["fft_rfft2"]
    assert told["macs"] == 32 * 32 * 3 * 4
    assert [(op["macs"], op["params"]) for op in told["ops"] if op["kind"] == "fft_rfft2"] == [(None, None)]
    for devices in ("iphone12", "iphone12,iphone13"):
        code, out, _ = run(
            capsys, "predict", f"{source}:spectrum", "--device", devices, "--input", "1x3x32x32"
        )
        text = " ".join(out.split())
        assert code == 0
        assert "at least 16 parameters, at least 12,288 MACs" in text
        assert "parameters and MACs are lower bounds, because no rule counts fft_rfft2." in text
        assert text.split().count("?") == len(devices.split(","))  # however a table breaks its cells


def test_a_small_module_of_a_file_is_told_in_figures_that_are_not_naught(
    source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("grey", "Grey"):  # a module, and a class that makes one
        words = ("predict", f"{source}:{name}", "--device", "iphone12", "--input", "1x1x28x28")
        code, out, _ = run(capsys, *words)
        text = " ".join(out.split())
        assert code == 0
        assert "40 parameters, 24,336 MACs" in text  # 4 x 9 weights and 4 biases; 26 x 26 x 4 x 9
        assert "0.0 " not in text.partition("weights not counted")[0].partition("Memory:")[2]


@pytest.mark.parametrize(
    ("model", "options", "rule"),
    [
        ("{file}:fails", (), "failed with RuntimeError: two lines"),
        ("{file}:number", (), "must return a torch.nn.Module, got int"),
        ("{file}:nothing", (), "has no function 'nothing'"),
        ("{file}.missing.py:net", (), "no such file"),
        ("no_such_preset", (), "unknown preset"),
        ("no_such.onnx", (), "check the path"),
        ("no_such.onnx", ("--device", "nokia3310"), "unknown device 'nokia3310'"),  # before a network is read
        ("resnet50", (), "unknown preset 'resnet50'"),
        ("resnet50", (), "write timm:resnet50"),
        ("ResNet-50", (), "write timm:resnet50"),
        ("mobilenetv3_larg_100", (), "timm has timm:mobilenetv3_large_100"),
        ("{file}", (), "write {file}:NAME_OF_THE_FUNCTION"),
        ("efficientformer_l1", ("--input", "1x3x250x256"), "a multiple of 32"),
        ("efficientformer_l1", ("--input", "1x4x256x256"), "images of 3 channels"),
        ("efficientformer_l1", ("--input", "1x3x64x64", "--input", "1x3x64x64"), "a design takes one input"),
        ("{file}:two", (), "write --input left=1x3x224x224 --input right=1x3x224x224"),
        ("{file}:two", ("--input", "left=1x3x64x64", "--input", "left=1x3x64x64"), "got left twice"),
        ("{file}:grey", (), "takes picture: write --input picture=SHAPE"),
        ("efficientformer_l1", ("--input", "224"), "must read like 1x3x224x224"),
        ("{file}:net", ("--input", "1x4x64x64"), "1x4x64x64"),
        ("efficientformer_l1", ("--px", "500x640"), "a multiple of 32"),
        ("efficientformer_l1", ("--px", "big"), "write 640 or 512x640"),
        ("efficientformer_l1", ("--px", "640", "--input", "1x3x64x64"), "--px is short for --input"),
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
    assert rule.format(file=source) in err
    assert "Traceback" not in err
    assert err.count("\n") == 1


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


def test_several_inputs_by_name_or_in_order(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # by hand: 64 positions of 3 x 8 and of 4 x 8
    by_name = ("--input", "right=1x4x8x8", "--input", "left=1x3x8x8")
    in_order = ("--input", "1x3x8x8", "--input", "1x4x8x8")
    for inputs in (by_name, in_order):
        told = run_json(capsys, "predict", f"{source}:two", "--device", "iphone12", *inputs)
        assert told["macs"] == 64 * (3 * 8 + 4 * 8)


def test_a_preset_takes_an_image_of_another_size(capsys: pytest.CaptureFixture[str]) -> None:
    told = run_json(capsys, "predict", "efficientformer_l1", "--device", "iphone12", "--input", "1x3x224x448")
    square = run_json(capsys, "predict", "efficientformer_l1", "--device", "iphone12")
    # by hand: what is convolution doubles, attention between positions has four times as many pairs
    pairs = 8 * 49 * 49 * (32 + 128)
    heads = 2 * 448 * 1000
    assert told["macs"] == 2 * (square["macs"] - pairs - heads) + 4 * pairs + heads
    assert any("224x448 px lies outside" in note for note in told["notes"])
    tall = run_json(capsys, "predict", "efficientformer_l1", "--device", "iphone12", "--input", "1x3x448x224")
    assert any("448x224 px lies outside" in note for note in tall["notes"])


def test_merging_is_part_of_the_json_either_way(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = run_json(capsys, "predict", f"{source}:branches", "--device", "iphone12")
    merged = run_json(capsys, "predict", f"{source}:branches", "--device", "iphone12", "--merge")
    # by hand: weights and biases of both layers, then of the larger one alone
    assert given["params"] == 3 * 64 * 9 + 64 + 3 * 64 + 64
    assert merged["params"] == 3 * 64 * 9 + 64 == given["merging"]["params"]
    assert given["merging"]["latency_ms"] == pytest.approx(merged["latency_ms"])
    assert merged["merging"]["latency_ms"] == pytest.approx(given["latency_ms"])
    assert not given["merging"]["merged"]
    assert merged["merging"]["merged"]
    assert run_json(capsys, "predict", f"{source}:net", "--device", "iphone12")["merging"] is None
    code, out, _ = run(capsys, "predict", f"{source}:branches", "--device", "iphone12,iphone13")
    assert code == 0
    assert "merged" in out


def test_the_network_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, part in (("net.dot", '"0" -> "1";'), ("net.txt", "└─╼ 0 conv2d")):
        path = tmp_path / name
        found = run_json(capsys, "predict", "poolformer_s12", "--device", "iphone12", "--draw", str(path))
        assert part in path.read_text(encoding="utf-8")
        assert found["peak_activation_bytes"] > 4 * 64 * 56 * 56  # the first map alone
    picture = tmp_path / "net.png"
    code, _, err = run(capsys, "predict", "poolformer_s12", "--device", "iphone12", "--draw", str(picture))
    assert code == 1
    assert "got the file name 'net.png'; end it in .dot or .txt" in err
    assert not picture.exists()


def test_a_comma_at_the_end_names_no_device(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_json(capsys, "predict", "poolformer_s12", "--device", "iphone12, ")["device"] == "iphone12"
    assert run(capsys, "predict", "poolformer_s12", "--device", ",")[0] == 1


def test_memory_is_told_in_the_numbers_of_the_device(capsys: pytest.CaptureFixture[str]) -> None:
    floats = run_json(capsys, "predict", "efficientformer_l1", "--device", "iphone12")[
        "peak_activation_bytes"
    ]
    _, out, _ = run(capsys, "predict", "efficientformer_l1", "--device", "iphone12")
    small = run(capsys, "predict", "poolformer_m36", "--px", "32", "--device", "iphone12")[1]
    told = re.search(r"at most ([\d.]+) KB at once in .* \(([\d.]+) KB in float32", " ".join(small.split()))
    assert told
    assert float(told[2]) == pytest.approx(2 * float(told[1]), abs=0.2)  # in one unit, so that they compare
    said = f"at most {floats / 2e6:.1f} MB at once in the device's 16-bit numbers ({floats / 1e6:.1f} MB in float32)"
    assert said in " ".join(out.split())
