"""Names of Qualcomm AI Hub's image classifiers, and what is done with those that dsim does not know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsim.device.add import Found, read_measurements
from dsim.device.add.aihub_names import aihub_graph, aihub_names
from dsim.device.add.wanted import Wanted
from dsim.device.find import find_profile
from dsim.errors import FileFormatError
from dsim.latency.networks import stored

PERF = """
precisions:
  float:
    components:
      NAME:
        performance_metrics:
          Some Phone:
            tflite:
              inference_time_milliseconds: 1.5
              layer_counts: LAYERS
"""


def perf(folder: Path, name: str, layers: str = "{total: 9, npu: 9}", **names: str) -> Found:
    path = folder / "perf.yaml"
    path.write_text(PERF.replace("NAME", name).replace("LAYERS", layers))
    return read_measurements([path], names=names)


def test_every_name_leads_to_a_graph_that_comes_with_dsim() -> None:
    graphs = stored(set(aihub_names().values()))
    for name, key in aihub_names().items():
        assert graphs[key].inputs[0].shape == (
            1,
            3,
            int(key.partition("@")[2]),
            int(key.partition("@")[2]),
        ), name


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Mobile-VIT", "mobilevit_s@256"),  # listed at 224, its input specification says 256
        ("mobile_vit", "mobilevit_s@256"),
        ("Mobile_Vit", "mobilevit_s@256"),
        ("EfficientNet-B4", "efficientnet_b4@380"),
        ("SqueezeNet-1_1", "tv-squeezenet1_1@224"),
        ("ResNet18Quantized", "resnet18@224"),
        ("MobileNet-v2-Quantized", "mobilenetv2_100@224"),
        ("dla102x", "dla102x@224"),
        ("Yolo-v7", ""),
    ],
)  # fmt: skip
def test_names_in_every_spelling(name: str, key: str) -> None:
    assert aihub_graph(name) == key


def test_bundled_figures_stand_at_the_resolution_that_ran() -> None:
    rows = [row for row in find_profile("galaxy-s24-qnn-float").networks if row.graph]
    assert len(rows) > 20
    for row in rows:
        assert row.graph == aihub_graph(row.network), row.network
        assert row.resolution == int(row.graph.partition("@")[2])


def test_an_unknown_network_is_noted_and_left_out(tmp_path: Path) -> None:
    found = perf(tmp_path, "My Net")
    assert not found.networks
    (note,) = found.notes
    assert "'My Net' is left out" in note
    assert '--map "My Net"=GRAPH' in note
    (network,) = perf(tmp_path, "My Net", **{"My Net": "resnet50@224"}).networks
    assert (network.reference, network.graph, network.latency_ms) == ("My Net", "resnet50@224", 1.5)


@pytest.mark.parametrize(
    ("layers", "npu", "other", "cliff"),
    [
        ("{total: 9, npu: 9}", 9, 0, ""),
        ("{total: 9, npu: 7, cpu: 2}", 7, 2, "2 of 9 layers left the NPU"),
        ("{total: 9, cpu: 9}", 0, 9, ""),  # never was there: another stack, not a fall
    ],
)
def test_layers_that_left_are_told(tmp_path: Path, layers: str, npu: int, other: int, cliff: str) -> None:
    (network,) = perf(tmp_path, "ResNet50", layers).networks
    assert (network.layers_npu, network.layers_other, network.cliff) == (npu, other, cliff)


def test_one_of_several_files_without_the_wanted_figures_is_noted(tmp_path: Path) -> None:
    texts = (PERF.replace("NAME", "ResNet50"), PERF.replace("NAME", "ResNet18").replace("tflite", "onnx"))
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml"]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text.replace("LAYERS", "{}"))
    found = read_measurements(paths, wanted=Wanted(runtime="tflite"))
    assert [one.graph for one in found.networks] == ["resnet50@224"]
    assert "b.yaml is left out: has no runtime 'tflite', it has onnx" in found.notes[0]


# made by hand: the keys and units are those that qai-hub 0.56 writes; no such file was fetched from the service
JOB = """{"execution_summary": {"estimated_inference_time": 903, "all_inference_times": [950, 903, 910]},
"execution_detail": [{"name": "a", "type": "CONV_2D", "compute_unit": "NPU"}, {"name": "b", "type": "SOFTMAX", "compute_unit": "CPU"}]}"""


def test_a_jobs_results_are_of_the_network_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "MobileNet-v2_jgz1abcd5_results.json"  # what download_results calls it
    path.write_text(JOB)
    (one,) = read_measurements([path]).networks
    assert (one.reference, one.graph) == ("MobileNet-v2", "mobilenetv2_100@224")
    assert one.latency_ms == pytest.approx(0.903)
    assert (one.layers_npu, one.layers_other) == (1, 1)
    assert one.cliff == "1 of 2 layers left the NPU"


@pytest.mark.parametrize(
    ("more", "beside"),
    [
        # 100 runs of 1 to 100 ms: 95.05 by hand; the load, then the first run
        ({}, {"p95_ms": 95.05, "load_ms": 501.0}),
        ({"first_load_time": None}, {"p95_ms": 95.05}),
        ({"all_inference_times": [1000] * 19}, {"load_ms": 501.0}),  # too few for one in twenty
        ({"all_inference_times": ["fast"]}, {}),
    ],
)
def test_a_job_tells_its_tail_and_its_load(
    tmp_path: Path, more: dict[str, object], beside: dict[str, float]
) -> None:
    summary = {
        "estimated_inference_time": 903,
        "all_inference_times": [1000 * n for n in range(1, 101)],
        "first_load_time": 500_000,
    }
    path = tmp_path / "MobileNet-v2_jgz1abcd5_results.json"
    path.write_text(json.dumps({"execution_summary": summary | more}))
    assert read_measurements([path]).networks[0].beside == pytest.approx(beside)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "must hold execution_summary"),
        ("{", "must be JSON"),
        ('{"execution_summary": {"estimated_inference_time": null}}', "a latency must be a positive number"),
    ],
)
def test_other_json_is_refused_in_one_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "job.json"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=says):
        read_measurements([path])
