"""What is known of a network beside its latency: by whom, on which chip, and what is not known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import dsim
from dsim.accuracy.quantised import quantised
from dsim.cli.main import dsim as command
from dsim.device import load_profile
from dsim.device.find import find_profile
from dsim.errors import FileFormatError, UnknownNameError
from dsim.latency.networks import shared_keys
from dsim.places import bundled_profiles_dir
from dsim.report.profile_view import profile_view
from dsim.shelf.metrics import LABELS, NOTHING, known_counts, metrics_of

L1 = "efficientformer_l1@224"
# kept by hand: what a user may write into a profile's networks.csv
BESIDE = "network,graph,latency_ms,source,p95_ms,sustained_ms,sustained_s,load_ms,energy_mj"


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile of the user's own with figures beside the latency."""
    folder = Path(shutil.copytree(bundled_profiles_dir() / "pixel6-cpu", tmp_path / "mine"))
    for name in ("contrasts.csv", "card.toml"):
        (folder / name).unlink(missing_ok=True)
    about = (folder / "profile.toml").read_text(encoding="utf-8")
    (folder / "profile.toml").write_text(
        about.replace('name = "pixel6-cpu"', 'name = "mine"', 1), encoding="utf-8"
    )
    rows = (
        "mobilenet,mobilenetv2_100@224,1.0,me,1.25,1.5,20,,",
        f"l1,{L1},1.5,me,,,,40,3.5",
        "own,resnet152@224,2,me,2.5,,,,",
    )
    (folder / "networks.csv").write_text("\n".join([BESIDE, *rows]) + "\n", encoding="utf-8")
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    return "mine"


def test_the_chips_own_figure_comes_before_one_of_no_chip_and_that_before_any() -> None:
    assert {one.where for one in quantised()[L1]} == {"Hailo-8", "Hailo-8L"}
    lowest = min(one.top1 for one in quantised()[L1])
    there, elsewhere = (dsim.metrics(L1, name).int8_top1 for name in ("hailo8", "iphone12"))
    assert there is not None
    assert elsewhere is not None
    assert there.note.startswith("on Hailo-8,")
    assert elsewhere.value == pytest.approx(lowest)
    of_mobilenet = dsim.metrics("mobilenetv2_100@224", "iphone12").int8_top1
    assert of_mobilenet is not None
    assert not of_mobilenet.note.startswith("on ")  # others are of chips


def test_every_figure_in_integers_has_a_graph_a_source_and_a_licence_and_is_near_its_floats() -> None:
    for key, own in quantised().items():
        assert key in shared_keys()
        for one in own:
            assert one.source
            assert one.licence
            assert 40.0 < one.top1 < 90.0
            assert one.float_top1 is None or abs(one.float_top1 - one.top1) < 5.0


def test_what_a_profile_holds_is_told_with_its_source_and_the_rest_is_unknown(mine: str) -> None:
    found = dsim.metrics("mobilenetv2_100@224", mine)
    assert found.p95_ms is not None
    assert (found.p95_ms.value, found.p95_ms.source) == (1.25, "me")
    assert found.sustained_ms is not None
    assert found.sustained_ms.protocol.startswith("after 20 s without a pause; ")
    assert found.unknown == ("load time", "energy")
    assert found.words.startswith("95th percentile 1.25 ms, sustained latency 1.5 ms (me); top-1 after int8 ")
    assert found.words.endswith("; unknown: load time, energy")
    assert dsim.metrics("resnet152@224", mine).values == dict.fromkeys(LABELS) | {"p95_ms": 2.5}
    assert dsim.metrics("resnet26@224", mine) == NOTHING
    assert known_counts(find_profile(mine)) == {
        "p95_ms": 2, "sustained_ms": 1, "load_ms": 1, "energy_mj": 1, "int8_top1": 2,
    }  # fmt: skip
    with pytest.raises(UnknownNameError, match=r"mine's own networks\.csv"):
        dsim.metrics("no-such", mine)


def test_a_figure_that_is_no_positive_number_is_refused(mine: str) -> None:
    folder = find_profile(mine).folder
    (folder / "networks.csv").write_text(f"{BESIDE}\na,,1.0,me,0,,,,\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"row 2, column 'p95_ms': must be a positive number, got '0'"):
        load_profile(folder)


def test_commands_show_them_in_one_line(mine: str) -> None:
    view = profile_view(mine)
    assert view.to_dict()["metrics"] == known_counts(view.profile)
    done = CliRunner().invoke(command, ["device", "show", mine])
    said = " ".join(done.stdout.split())
    assert "Other figures: 95th percentile and top-1 after int8 of 2 networks; sustained latency" in said
    words = ["device", "networks", "--filter", "efficientformer_l1"]
    told = json.loads(CliRunner().invoke(command, [*words, "--json"]).stdout)["networks"][0]
    assert [one["top1"] for one in told["int8_top1"]] == [one.top1 for one in quantised()[L1]]
    assert f"{quantised()[L1][0].top1:g}" in CliRunner().invoke(command, words).stdout


def test_predict_and_the_shortlist_tell_the_same() -> None:
    profile = find_profile("iphone12")
    told = json.loads(
        CliRunner()
        .invoke(command, ["predict", "efficientformer_l1", "--device", "iphone12", "--json"])
        .stdout
    )
    wanted = metrics_of(profile)[L1]
    assert wanted.int8_top1 is not None
    assert told["metrics"]["int8_top1"]["value"] == wanted.int8_top1.value
    assert told["metrics"]["load_ms"] is None
    rows = {f"{row.network}@{row.px}": row for row in dsim.shortlist("iphone12", "2ms").rows}
    assert rows[L1].metrics == wanted
    frame = dsim.shortlist("iphone12", "2ms").to_frame()
    known = frame.filter(frame["int8_top1"].is_not_null())["network"].to_list()
    assert "efficientformer_l1" in known
    assert frame["p95_ms"].null_count() == frame.height
