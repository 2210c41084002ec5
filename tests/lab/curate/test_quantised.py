"""Made-up rows of a vendor's table become figures of networks in integers."""

from __future__ import annotations

from lab.curate.quantised import quantised_rows

SOURCE = {
    "starts": "A list", "raw_precision": "int8", "raw_float": "fp32", "precision": "8-bit integers", "licence": "MIT",
    "without": ["Copy"],
}  # fmt: skip
ROW = {
    "network": "ResNet-50", "timm_name": "resnet50", "resolution": "224", "device": "Board", "precision": "int8", "top1": "75.5",
    "source": "A list [a/b:c.md @1]", "table": "page 3; more",
}  # fmt: skip


def test_rows_in_integers_count_once_and_keep_what_the_source_says_of_floats() -> None:
    raw = [
        ROW,
        ROW | {"device": "another board"},
        ROW | {"precision": "fp32", "top1": "76.1"},
        ROW | {"network": "Copy"},
        ROW | {"network": "YOLO", "timm_name": ""},
        ROW | {"network": "MNASNet", "timm_name": "", "top1": "70"},
        ROW | {"source": "another list"},
        ROW | {"network": "MobileNetV2", "timm_name": "mobilenetv2_100", "top1": ""},
    ]
    rows = quantised_rows(raw, SOURCE, {"MNASNet": "mnasnet_100"})
    assert list(dict.fromkeys(rows)) == [
        ("resnet50", "224", "75.5", "76.1", "8-bit integers", "", "A list", "page 3", "MIT"),
        ("mnasnet_100", "224", "70", "", "8-bit integers", "", "A list", "page 3", "MIT"),
    ]
    chips = {"Board": "Chip", "another board": "Chip 2"}
    assert [row[5] for row in quantised_rows(raw[:2], SOURCE | {"where": chips}, {})] == ["Chip", "Chip 2"]
