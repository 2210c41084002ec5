"""``dsim.predict`` in Python takes every name that the command takes, and gives the same answer."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import dsim
from dsim.arch import get_preset
from dsim.errors import (
    FileFormatError,
    InvalidValueError,
    MissingPackageError,
    UnknownNameError,
    UnsupportedOpError,
)
from dsim.network import read_network
from dsim.network.price import price
from dsim.network.timm_names import timm_hint, timm_names
from dsim.report.latency import measured_words

DEVICE = "iphone12"


def test_every_way_to_name_a_design_gives_the_same_answer(tmp_path: Path) -> None:
    design = get_preset("efficientformer_l1")
    path = tmp_path / "arch.json"
    path.write_text(design.to_json(), encoding="utf-8")
    study = tmp_path / "study"
    study.mkdir()
    (study / "chosen.json").write_text(json.dumps({"chosen": {"arch": design.to_dict()}}), encoding="utf-8")
    answers = [
        dsim.predict(network, DEVICE).latency_ms
        for network in ("efficientformer_l1", path, str(path), study, design, design.to_graph())
    ]
    assert max(answers) - min(answers) <= 1e-9 * max(answers)


def test_a_function_in_a_file_and_its_module_give_the_same_answer(tmp_path: Path) -> None:
    source = "from torch import nn\n\n\ndef build():\n    return nn.Conv2d(3, 8, 3)\n"
    path = tmp_path / "model.py"
    path.write_text(source, encoding="utf-8")
    told = dsim.predict(f"{path}:build", DEVICE, "1x3x64x64")
    own = dsim.predict(nn.Conv2d(3, 8, 3), DEVICE, (1, 3, 64, 64))
    assert told.latency_ms == pytest.approx(own.latency_ms)


def test_strict_refuses_what_has_no_price() -> None:
    odd = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Softplus())
    assert not dsim.predict(odd, DEVICE).complete
    with pytest.raises(UnsupportedOpError, match="softplus"):
        dsim.predict(odd, DEVICE, strict=True)


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("net.pth", "torch.export.save"),
        ("net-jit.pt", "model.py:FUNCTION"),
        ("net.keras", "TFLiteConverter"),
        ("net.xml", "that it was made from"),
        ("saved", "TFLiteConverter"),
    ],
)
def test_a_file_of_another_kind_is_told_with_what_to_name_instead(
    name: str, instead: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if path.suffix:
        path.write_bytes(b"PK\x03\x04\xff")
    else:
        path.mkdir()
        (path / "saved_model.pb").write_bytes(b"\x08\x01")
    with pytest.raises(FileFormatError, match=re.escape(instead)):
        dsim.predict(path, DEVICE)


def test_the_folder_of_a_study_may_end_like_a_file(tmp_path: Path) -> None:
    study = tmp_path / "first.plan"
    study.mkdir()
    (study / "arch.json").write_text(get_preset("efficientformer_l1").to_json(), encoding="utf-8")
    assert read_network(study) == get_preset("efficientformer_l1").to_graph()


@pytest.mark.parametrize("asks", [dsim.top1, lambda path: dsim.export(path, "out", "coreml")])
def test_what_takes_a_design_says_what_reads_a_network_s_file(
    asks: Callable[[Path], object], tmp_path: Path
) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(b"\x08\x08\xff")
    with pytest.raises(
        FileFormatError, match=r"is a network's file, .* `dsim predict` and `dsim advise` read"
    ):
        asks(path)


def test_a_network_must_be_named() -> None:
    with pytest.raises(InvalidValueError, match="must be named, got ''"):
        dsim.predict("", DEVICE)


def test_a_network_of_timm_is_told_by_its_bare_name() -> None:
    assert "resnet50" in timm_names()
    with pytest.raises(UnknownNameError, match=r"timm has it: write timm:resnet50"):
        dsim.predict("resnet50", DEVICE)
    assert timm_hint("MobileOne-S0") == "; timm has it: write timm:mobileone_s0"
    assert timm_hint("resnet50.a1_in1k") == "; timm has it: write timm:resnet50"
    assert timm_hint("nothing_like_any_network") == ""


def test_a_graph_takes_no_other_input() -> None:
    graph = get_preset("efficientformer_l1").to_graph()
    assert dsim.predict(graph, DEVICE, (1, 3, 224, 224)).latency_ms > 0
    with pytest.raises(InvalidValueError, match=r"a graph has its own input, 1x3x224x224, got 1x3x256x256"):
        dsim.predict(graph, DEVICE, (1, 3, 256, 256))


def test_a_budget_may_have_its_unit() -> None:
    with pytest.raises(InvalidValueError, match="needs a unit"):
        dsim.search(DEVICE, "2")
    with pytest.raises(InvalidValueError, match="needs a unit"):
        dsim.compare([DEVICE, "iphone13"], {DEVICE: "2", "iphone13": "2ms"})


class Branches(nn.Module):
    """Two convolutions of one input, added up: what RepVGG is made of."""

    def __init__(self) -> None:
        super().__init__()
        self.large, self.small = nn.Conv2d(3, 64, 3, 2, 1), nn.Conv2d(3, 64, 1, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (self.large(x) + self.small(x)).relu()


def test_merging_is_said_and_done_when_asked_for() -> None:
    given = dsim.predict(Branches(), DEVICE)
    merged = dsim.predict(Branches(), DEVICE, merge=True)
    plain = dsim.predict(nn.Sequential(nn.Conv2d(3, 64, 3, 2, 1), nn.ReLU()), DEVICE)
    assert merged.latency_ms == pytest.approx(plain.latency_ms)
    assert merged.latency_ms < given.latency_ms
    assert f"would change {given.latency_ms:.3g} ms to {merged.latency_ms:.3g} ms (--merge)" in given.notes[0]
    assert "2 parallel branches are merged into 1 layer; as given" in merged.notes[0]
    (said, *_) = dsim.predict(nn.Conv2d(3, 8, 3), DEVICE, merge=True).notes
    assert "no parallel linear branches" in said


def test_published_designs_are_priced_without_a_word_on_their_two_classifiers() -> None:
    assert not any("branches" in note for note in dsim.predict("efficientformer_l1", DEVICE).notes)


def test_designs_by_name_wherever_one_is_taken(tmp_path: Path) -> None:
    design = get_preset("efficientformer_l1")
    assert dsim.top1("efficientformer_l1") == dsim.top1(design)
    files = dsim.export("poolformer_s12", tmp_path / "out").files
    assert any(path.name == "model.py" for path in files)
    with pytest.raises(UnknownNameError, match="unknown preset 'nobody'"):
        dsim.compare([DEVICE, "iphone13"], like="nobody")


@pytest.mark.skipif(importlib.util.find_spec("timm") is not None, reason="timm reads its own networks")
def test_networks_of_timm_that_dsim_has_a_graph_of_need_no_timm() -> None:
    answer = dsim.predict("timm:resnet50", DEVICE)
    assert any("timm is not installed" in note for note in answer.notes)
    # torchvision's and timm's own figures: 25.56 M parameters, 4.09 GMACs
    graph = read_network("timm:resnet50")
    assert (graph.params, round(graph.macs / 1e9, 2)) == (25_557_032, 4.09)
    assert (
        read_network("timm:resnet50.a1_in1k").params == graph.params
    )  # a tag names weights, not another network
    # as timm builds it: in training form
    assert "merging its 226 parallel branches" in dsim.predict("timm:mobileone_s0", DEVICE).notes[0]
    with pytest.raises(MissingPackageError, match="pip install timm"):
        dsim.predict("timm:resnet50", DEVICE, (1, 3, 99, 99))
    with pytest.raises(MissingPackageError, match="pip install timm"):
        dsim.predict("timm:resnet50", DEVICE, (1, 3, 224, 448))


def test_a_device_by_what_people_call_it() -> None:
    design = get_preset("efficientformer_l1")
    assert dsim.predict(design, "iPhone 13").latency_ms == dsim.predict(design, "iphone13").latency_ms
    with pytest.raises(UnknownNameError, match="unknown device 'iphone99'"):
        dsim.predict(design, "iphone99")


@pytest.mark.parametrize(
    ("module", "remedy"), [("timmm", "run: pip install timmm"), ("cv2", "run: pip install opencv-python")]
)
def test_a_file_that_imports_what_is_not_installed_says_what_to_install(
    module: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    (tmp_path / "model.py").write_text(
        f"import {module}.nn\n\n\ndef build():\n    return None\n", encoding="utf-8"
    )
    with pytest.raises(MissingPackageError, match=rf"needs {module}, which is not installed; {remedy}"):
        dsim.predict(f"{tmp_path / 'model.py'}:build", DEVICE)


def test_a_module_beside_the_file_is_not_to_be_installed(tmp_path: Path) -> None:
    (tmp_path / "my_blocks.py").write_text("")
    (tmp_path / "model.py").write_text("import my_blocks\n", encoding="utf-8")
    with pytest.raises(MissingPackageError, match=f"lies beside it.*PYTHONPATH={re.escape(str(tmp_path))}"):
        dsim.predict(f"{tmp_path / 'model.py'}:build", DEVICE)


def test_what_an_installed_package_lacks_is_not_to_be_installed(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import json.nothing\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match="failed with ModuleNotFoundError"):
        dsim.predict(f"{tmp_path / 'model.py'}:build", DEVICE)


def test_what_was_measured_of_the_same_network_stands_beside_the_prediction() -> None:
    def said(name: str, px: int = 224) -> str:
        priced = price(read_network("efficientformer_l1", (1, 3, px, px)), DEVICE)
        return measured_words(name, priced)

    assert said("efficientformer_l1").startswith("1.41 ms; `dsim shortlist`")  # published: 1.4 and 1.41 ms
    assert said("timm:repvit_m1_5.dist_450e_in1k").startswith("1.50 ms with its branches merged")
    assert said("efficientformer_l1", 256) == ""
    assert said("my/efficientformer_l1.onnx") == ""
