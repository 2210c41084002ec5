"""The files that measurements come in."""

from __future__ import annotations

import os
import random
from pathlib import Path

import polars as pl
import pytest

from dsim.device.add import Found
from dsim.device.add import read_measurements as read_all
from dsim.device.add.wanted import Wanted
from dsim.device.add.wrong import refuse
from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.op import OpKind

SHEET = """network,latency,unit,source
resnet50@224,2500,us,bench
mobilenetv2_100@224,0.9,ms,
"""
OPS = """op,attrs,inputs,activation,latency_ms,count
conv2d,"{""out_channels"": 64, ""kernel"": [3, 3], ""padding"": [1, 1]}",1x32x56x56,relu,0.12,4
add,,1x64x56x56;1x64x56x56,,0.02,
"""
PERF = """
precisions:
  float:
    components:
      MobileNet-v2:
        performance_metrics:
          Some Phone:
            tflite:
              inference_time_milliseconds: 0.9
              layer_counts: {total: 72, npu: 70, gpu: 0, cpu: 2}
            qnn_dlc:
              inference_time_milliseconds: 0.8
              layer_counts: {total: 105, npu: 105, gpu: 0, cpu: 0}
"""
OLD_PERF = """
models:
- name: MobileNet-v2
  performance_metrics:
  - reference_device_info: {name: Some Phone, os: '14'}
    torchscript_onnx_tflite:
      inference_time: 904.0
      precision: fp16
      layer_info: {layers_on_npu: 71, layers_on_gpu: 0, layers_on_cpu: 1, total_layers: 72}
    torchscript_onnx_qnn:
      inference_time: 'null'
"""
BENCHMARK = """node type, first, avg_ms, %, cdf%, mem KB, times called, name
CONV_2D, 0.5, 0.40, 40%, 40%, 0, 1, [a]:0
DEPTHWISE_CONV_2D, 0.2, 0.25, 60%, 100%, 0, 1, [b]:1
SOFTMAX, 0.0, 0.000, 0%, 100%, 0, 1, [c]:2

node type, first, avg_ms, %, cdf%, mem KB, times called, name
CONV_2D, 0.5, 0.40, 40%, 40%, 0, 1, [a]:0
"""


def read_measurements(paths: list[Path], models: tuple[str, ...] = (), wanted: Wanted | None = None) -> Found:
    """Read files and refuse their wrong rows, as an import does."""
    found = read_all(paths, models, wanted)
    refuse(found.wrong)
    return found


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_sheet_of_networks_in_any_unit(tmp_path: Path) -> None:
    found = read_measurements([write(tmp_path, "m.csv", SHEET)])
    assert [(one.reference, one.latency_ms, one.source) for one in found.networks] == [
        ("resnet50@224", 2.5, "bench"),
        ("mobilenetv2_100@224", 0.9, "measured by the user"),
    ]


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    sheet = write(tmp_path, "m.csv", SHEET)
    pl.read_csv(sheet).write_parquet(tmp_path / "m.parquet")
    one, two = read_measurements([sheet]), read_measurements([tmp_path / "m.parquet"])
    assert [n.latency_ms for n in one.networks] == [n.latency_ms for n in two.networks]


@pytest.mark.parametrize(
    ("text", "in_cells"),
    [
        ("network,latency_ms\nresnet50,3\n", False),
        ("network,latency,unit\nresnet50,3,ms\n", True),
        ("network,latency\nresnet50,3 ms\n", True),
    ],
)
def test_a_sheet_says_where_its_unit_stands(tmp_path: Path, text: str, in_cells: bool) -> None:
    (one,) = read_measurements([write(tmp_path, "m.csv", text)]).networks
    assert one.unit_in_cells is in_cells


def test_a_sheet_of_ops(tmp_path: Path) -> None:
    conv, add = read_measurements([write(tmp_path, "o.csv", OPS)]).ops
    assert (conv.op.kind, conv.op.activation, conv.op.macs, conv.count) == (
        OpKind.CONV2D,
        OpKind.RELU,
        64 * 32 * 9 * 56 * 56,
        4,
    )
    assert (add.op.kind, add.latency_ms, add.count) == (OpKind.ADD, 0.02, 1)


def test_perf_yaml_in_both_layouts(tmp_path: Path) -> None:
    new = read_measurements([write(tmp_path, "perf.yaml", PERF)], wanted=Wanted(runtime="tflite")).networks
    old = read_measurements([write(tmp_path, "old.yaml", OLD_PERF)]).networks
    assert [(n.reference, n.latency_ms, n.layers_npu, n.layers_other) for n in new] == [
        ("MobileNet-v2", 0.9, 70, 2)
    ]
    assert [(n.reference, n.latency_ms, n.layers_npu, n.layers_other) for n in old] == [
        ("MobileNet-v2", 0.904, 71, 1)
    ]


def test_perf_yaml_asks_which_runtime(tmp_path: Path) -> None:
    path = write(tmp_path, "perf.yaml", PERF)
    with pytest.raises(FileFormatError, match="several runtimes; choose with --runtime: qnn_dlc, tflite"):
        read_measurements([path])
    with pytest.raises(FileFormatError, match="has no device 'Other'; it has Some Phone"):
        read_measurements([path], wanted=Wanted(device="Other"))


def test_perf_yaml_takes_no_references(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    with pytest.raises(FileFormatError, match="references"):
        read_measurements([write(tmp_path, "perf.yaml", bomb)])
    with pytest.raises(FileFormatError, match="must be YAML"):
        read_measurements([write(tmp_path, "perf.yaml", "!!python/object/apply:os.system ['true']")])


def test_benchmark_model_counts_each_operator_once(tmp_path: Path) -> None:
    found = read_measurements([write(tmp_path, "b.csv", BENCHMARK)], models=("mobilenetv2_100@224",))
    assert [one.latency_ms for one in found.networks] == [pytest.approx(0.65)]
    assert found.kernels[0].kernels == (("CONV_2D", 0.40), ("DEPTHWISE_CONV_2D", 0.25))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "m.csv",
            "network,latency_ms\nresnet50@224,0\n",
            "row 2, column 'latency_ms': a latency must be a positive number, got '0'",
        ),
        (
            "m.csv",
            "network,latency_ms\nresnet50@224,nan\n",
            "row 2, column 'latency_ms': a latency must be a positive number",
        ),
        (
            "m.csv",
            "network,latency,unit\nresnet50@224,1,h\n",
            "row 2, column 'unit': must be one of ns, us, ms, s, got 'h'",
        ),
        ("m.csv", "network,time\nresnet50@224,1\n", "row 1, column 'time': names no unit"),
        ("m.csv", "network\nresnet50@224\n", "row 1: needs a header such as network,latency_ms"),
        ("m.csv", "latency_ms\n1\n", "row 1: needs a header such as network,latency_ms"),
        ("m.csv", "network,latency_ms\n", "at least one measurement"),
        (
            "m.csv",
            "network,op,latency_ms\nresnet50@224,add,1\n",
            "row 2: names either a network or an op, got both",
        ),
        ("m.csv", "op,inputs,latency_ms\nconv9,1x3x8x8,1\n", "row 2: does not describe an op"),
        ("m.csv", "op,inputs,latency_ms\nrelu,1x3x-8x8,1\n", "row 2: does not describe an op"),
        ("b.csv", BENCHMARK, "name it with --model"),
        ("m.yaml", "models: []\n", "must hold performance_metrics"),
        ("m.json", "{}", "must hold execution_summary, as AI Hub's client writes it, got {}"),
        ("m.docx", "{}", "suffix '.docx' is unknown"),
        ("m.tflite", "", "is a network's file; write its path into the column 'network' of a sheet"),
    ],
)
def test_bad_files_get_one_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        read_measurements([write(tmp_path, name, text)])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="cannot be read"):
        read_measurements([tmp_path / "none.csv"])
    with pytest.raises(FileFormatError, match="not a folder or pipe"):
        read_measurements([tmp_path])


@pytest.mark.parametrize(
    ("name", "text"),
    [("m.csv", SHEET), ("o.csv", OPS), ("p.yaml", PERF), ("q.yaml", OLD_PERF), ("b.csv", BENCHMARK)],
)
def test_corrupt_files_end_in_an_error_of_ours(tmp_path: Path, name: str, text: str) -> None:
    path, dice, messages = tmp_path / name, random.Random(text), []
    junk = [
        "\x00",
        '"',
        "[",
        "{",
        "*a",
        "&a ",
        "9" * 400,
        "-",
        "nan",
        "\n",
        ",",
        ": ",
        "!!x ",
        "\u2028",
        "e999",
    ]
    for _ in range(int(os.environ.get("DSIM_FUZZ", "1500")) // 5):
        at, more = dice.randrange(len(text)), dice.choice(junk)
        cut = dice.randrange(3)
        broken = text[:at] + more + text[at + cut * dice.randrange(9) :] if cut else text[:at]
        path.write_text(broken, encoding="utf-8")
        try:
            read_measurements([path], models=("resnet50@224",) if name == "b.csv" else ())
        except DsimError as error:
            messages.append(str(error))
    assert len(messages) > 20
    assert not [message for message in messages if "\n" in message]
