"""A user's device from file to prediction, on the command line, with all bundled devices as donors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import onnx
import pytest
import torch
from click.testing import CliRunner, Result

import dsim as dsim_library
from dsim.cli.main import dsim
from dsim.device import find_profile
from dsim.device.card import read_card
from dsim.graph.passes import run_passes
from dsim.latency import load_model
from dsim.latency.hold_out import held_out
from dsim.latency.methods.few_shot.reference import measured_ms
from dsim.latency.networks import read_graph
from dsim.op import OpKind

PACE = 1.7  # the new phone is a known one, that much slower
TWIN = "iphonexs-cpu-1large-float"


class Place:
    """A folder of the user's, with measurements in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        figures = list(measured_ms(find_profile(TWIN)).items())[::9]
        rows = [f"{key},{ms * PACE:.4f}" for key, ms in figures]
        (folder / "m.csv").write_text("network,latency_ms\n" + "\n".join(rows) + "\n")

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(dsim, [word.replace("HERE", str(self.folder)) for word in words])

    @property
    def profiles(self) -> list[str]:
        root = self.folder / "profiles"
        return sorted(path.name for path in root.iterdir()) if root.exists() else []


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    load_model.cache_clear()
    yield Place(tmp_path)
    load_model.cache_clear()


@pytest.mark.slow
def test_a_slower_twin_is_recognised_and_predicted(place: Place) -> None:
    added = place.run("device", "add", "HERE/m.csv", "--name", "my-phone", "--json")
    assert added.exit_code == 0, added.output
    told = json.loads(added.stdout)
    assert (told["method"], told["like"]) == ("few-shot", TWIN)
    profile = find_profile("my-phone")
    assert (profile.group, profile.passes) == ("user", find_profile(TWIN).passes)
    errors = [abs(held.error) for held in held_out("my-phone")]
    assert sorted(errors)[len(errors) // 2] < 0.05
    answer = json.loads(place.run("predict", "efficientformer_l1", "--device", "my-phone", "--json").stdout)
    assert answer["low_ms"] < answer["latency_ms"] < answer["high_ms"]


@pytest.mark.slow
def test_adapting_says_how_good_it_is_and_what_comes_next(place: Place) -> None:
    done = place.run("device", "adapt", "my-phone", "--from", "HERE/m.csv", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["nearest"][0]["device"] == TWIN  # out of all bundled devices
    assert len(told["measure_next"]) == 5
    assert not set(told["measure_next"]) & set(told["left_out_percent"])
    sizes = [point["networks"] for point in told["curve"]]
    assert sizes == sorted(sizes)
    shown = place.run("device", "adapt", "my-phone")
    assert "Measure next" in shown.output
    card = read_card(place.folder / "profiles" / "my-phone")
    assert card is not None
    assert (card.method, card.donor, card.networks) == ("few-shot", TWIN, len(told["left_out_percent"]))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's older exporter needs no further package
def test_a_network_of_ones_own(place: Place) -> None:
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 32, 3, 2, 1), torch.nn.ReLU(), torch.nn.Conv2d(32, 64, 3, 2, 1)
    )
    torch.onnx.export(net, (torch.zeros(1, 3, 192, 192),), place.folder / "net.onnx", dynamo=False)
    assert onnx.load(place.folder / "net.onnx").graph.node
    with (place.folder / "m.csv").open("a") as file:
        file.write("net.onnx,2.5\n")
    added = place.run("device", "add", "HERE/m.csv", "--name", "my-phone", "--json")
    assert added.exit_code == 0, added.output
    assert json.loads(added.stdout)["own_graphs"] == 1
    (place.folder / "net.onnx").unlink()  # the profile holds what it needs
    assert "own-net@192" in {held.graph for held in held_out("my-phone")}
    shown = place.run("device", "show", "my-phone")
    assert shown.exit_code == 0, shown.output
    assert "its own networks and all bundled devices" in " ".join(shown.output.split())


def test_nothing_is_overwritten_without_force(place: Place) -> None:
    words = ("device", "add", "HERE/m.csv", "--name", "my-phone", "--like", TWIN)
    assert place.run(*words).exit_code == 0
    before = (place.folder / "profiles" / "my-phone" / "networks.csv").read_text()
    again = place.run(*words)
    assert again.exit_code == 1
    assert "give --force" in again.output
    (place.folder / "m.csv").write_text(
        "network,latency_ms\n" + before.splitlines()[1].split(",")[0] + ",-3\n"
    )
    assert place.run(*words, "--force").exit_code == 1
    assert (place.folder / "profiles" / "my-phone" / "networks.csv").read_text() == before
    assert place.profiles == ["my-phone"]


@pytest.mark.parametrize(
    ("name", "rows", "message"),
    [
        ("My Phone", "resnet50@224,1", "small letters, digits and inner hyphens"),
        ("../up", "resnet50@224,1", "small letters, digits and inner hyphens"),
        ("mine", "resnet5@224,1", "near: resnet50@224"),
        ("mine", "my-net,1", "say what a name of your own stands for: --map NAME=resnet50"),
        ("mine", "efficientnet_b4,1", "name one of efficientnet_b4@320, efficientnet_b4@380"),
        ("mine", "resnet50@224,1\nresnet18@224,1", "at least 3 different networks, got 2"),
        ("mine", "evil.py:build,1", "a source must be one of timm, torchvision"),
        ("mine", "gone.onnx,1", "gone.onnx"),
    ],
)
def test_bad_requests_write_nothing(place: Place, name: str, rows: str, message: str) -> None:
    (place.folder / "m.csv").write_text(f"network,latency_ms\n{rows}\n")
    done = place.run("device", "add", "HERE/m.csv", "--name", name)
    assert done.exit_code == 1
    assert message in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert place.profiles == []


@pytest.mark.slow
def test_timed_operators_of_one_network_make_a_profile(place: Place) -> None:
    lines = ["node type, first, avg_ms, %, cdf%, mem KB, times called, name"]
    for op in run_passes(read_graph("mobilenetv2_100@224"), find_profile(TWIN).passes).ops:
        if op.kind is OpKind.CONV2D:
            kind = "DEPTHWISE_CONV_2D" if op.is_depthwise else "CONV_2D"
            lines.append(f"{kind}, 1, {0.01 + op.macs / 1e9:.5f}, SHARE%, 1%, 0, 1, x")
        elif op.kind is OpKind.LINEAR:
            lines.append(f"FULLY_CONNECTED, 1, {0.01 + op.macs / 1e9:.5f}, SHARE%, 1%, 0, 1, x")
    text = "\n".join(lines).replace("SHARE", f"{100 / (len(lines) - 1):.4f}")
    (place.folder / "b.csv").write_text(f"{text}\n\nNumber of nodes executed: {len(lines) - 1}\n")
    words = (
        "device",
        "add",
        "HERE/b.csv",
        "--name",
        "ops",
        "--model",
        "mobilenetv2_100@224",
        "--like",
        TWIN,
        "--json",
    )
    added = place.run(*words)
    assert added.exit_code == 0, added.output
    told = json.loads(added.stdout)
    assert (told["method"], told["ops"]) == ("operators", len(lines) - 1)
    assert "operators matched" in told["notes"][0]
    answer = place.run("predict", "efficientformer_l1", "--device", "ops", "--json")
    assert answer.exit_code == 0, answer.output


def test_the_library_adds_what_the_command_adds(place: Place) -> None:
    added = dsim_library.add_device(place.folder / "m.csv", "my-phone")
    assert (added.name, added.method, added.donor) == ("my-phone", "few-shot", TWIN)
    assert find_profile("my-phone").networks
    with pytest.raises(dsim_library.DsimError, match="at least one file"):
        dsim_library.add_device([], "other")
    with pytest.raises(dsim_library.DsimError, match=r"from a few networks, .* is learned by method"):
        dsim_library.adapt("iphone12")


def test_a_bundled_name_is_not_hidden_unasked(place: Place) -> None:
    refused = place.run("device", "add", "HERE/m.csv", "--name", "iphone12", "--like", TWIN)
    assert refused.exit_code == 1
    assert "comes with dsim, and one of your own would hide it" in refused.output
    assert not (place.folder / "profiles" / "iphone12").exists()
