"""Made-up rows of a vendor's table become rows of a profile."""

from __future__ import annotations

from lab.curate.boards import figures_of
from lab.curate.falls import mark_falls
from lab.curate.read_rules import read_toml

SOURCE = {
    "raw_device": "Board", "raw_compute_unit": "npu", "raw_batch": 1, "raw_runtime": "TVM", "starts": "A list", "without": ["Copy"],
}  # fmt: skip
ROW = {
    "network": "ResNet-50", "timm_name": "resnet50", "resolution": "224", "batch": "1", "device": "Board", "compute_unit": "npu",
    "runtime": "TVM 2.4", "precision": "int8", "latency_ms": "4", "source": "A list [a/b:c.md @1]", "table": "t", "top1": "",
    "params_m": "", "macs_g": "",
}  # fmt: skip


def test_rows_of_the_stack_with_a_stored_graph_count_and_a_network_counts_once() -> None:
    raw = [
        ROW,
        ROW | {"network": "ResNet-50 again", "latency_ms": "5"},
        ROW | {"network": "YOLO", "timm_name": ""},
        ROW | {"network": "Copy"},
        ROW | {"device": "another"},
        ROW | {"runtime": "another"},
        ROW | {"network": "MNASNet", "timm_name": ""},
        ROW | {"network": "MobileNetV2", "timm_name": "mobilenetv2_100"},
        ROW | {"network": "MobileNetV2", "timm_name": "mobilenetv2_100", "resolution": "192"},
    ]
    rows = figures_of(raw, SOURCE, {"MNASNet": "mnasnet_100"})
    told = [(row["network"], row["graph"], row["latency_ms"], row["source"], row["repeats"]) for row in rows]
    assert told == [
        ("MNASNet", "mnasnet_100@224", "4", "A list", ""),
        ("MobileNetV2, 224 px", "mobilenetv2_100@224", "4", "A list", ""),
        ("MobileNetV2, 192 px", "mobilenetv2_100@192", "4", "A list", ""),
        ("ResNet-50", "resnet50@224", "4", "A list", ""),
        ("ResNet-50 again", "resnet50@224", "5", "A list", "the same network as ResNet-50"),
    ]


def test_the_first_pattern_that_fits_says_why_a_network_fell() -> None:
    rows = [{"graph": "seresnet50@224"}, {"graph": "resnet50@224"}]
    mark_falls(rows, [{"graphs": ["a*", "se*"], "why": "gates"}, {"graphs": ["*"], "why": ""}])
    assert [row["cliff"] for row in rows] == ["gates", ""]


def test_every_profile_has_a_source_and_every_judgement_a_profile() -> None:
    rules = read_toml("boards.toml")
    names = [one["name"] for one in rules["profiles"]]
    assert len(set(names)) == len(names)
    assert {one["source"] for one in rules["profiles"]} == set(rules["sources"])
    assert set(rules["graphs"]) <= set(rules["sources"])
    assert {one["profile"] for one in rules["falls"]} <= set(names)
