"""The whole road of a device of one's own, as a user goes it: five measured networks, then every verb; nothing patched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dsim.cli.main import dsim
from dsim.latency import load_model

SHEET = """network,latency_ms
mobilenetv2_100@224,0.903
timm:resnet50,2.51
torchvision:efficientnet_b0,1.6
VIT,5.2
resnet18,1.3
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.chdir(tmp_path)
    load_model.cache_clear()
    yield tmp_path
    load_model.cache_clear()


def run(*words: str) -> Result:
    done = CliRunner().invoke(dsim, list(words))
    assert done.exit_code == 0, f"dsim {' '.join(words)}: {done.output}"
    return done


@pytest.mark.slow
def test_from_five_networks_to_an_export(folder: Path) -> None:
    (folder / "m.csv").write_text(SHEET)
    added = json.loads(run("device", "add", "m.csv", "--name", "mine", "--json").stdout)
    assert (added["method"], added["networks"], added["own_graphs"]) == ("few-shot", 5, 0)

    shown = " ".join(run("device", "show", "mine").output.split())
    assert "its own networks and all bundled devices" in shown
    assert "mine" in run("device", "list").output

    price = json.loads(run("predict", "efficientformer_l1", "--device", "mine", "--json").stdout)
    # more than the 0.3 GMACs of MobileNetV2 cost, less than the 17 of ViT
    assert 0.903 < price["latency_ms"] < 5.2
    assert price["low_ms"] < price["latency_ms"] < price["high_ms"]

    advice = json.loads(run("device", "adapt", "mine", "--json").stdout)
    assert set(advice["left_out_percent"]) == {
        "mobilenetv2_100@224",
        "resnet50@224",
        "efficientnet_b0@224",
        "vit_base_patch16_224@224",
        "resnet18@224",
    }
    assert len(advice["measure_next"]) == 5
    assert not set(advice["measure_next"]) & set(advice["left_out_percent"])

    budget = f"{price['latency_ms'] * 1.5:.3f}ms"
    found = json.loads(
        run("study", "--device", "mine", "--budget", budget, "--trials", "12", "--json").stdout
    )
    assert found["chosen"] is not None
    (study,) = (folder / "studies").iterdir()

    run("compare", "--devices", "mine,iphone12", "--like", "efficientformer_l1", "--trials", "6", "--fold-trials", "2",
        "--seeds", "0", "--refits", "2", "--name", "two")  # fmt: skip

    run("report", str(study), "--out", "page.html")
    assert "mine" in (folder / "page.html").read_text(encoding="utf-8")
    run("export", str(study), "-o", "model")
    assert list((folder / "model").glob("*.py"))


def test_a_broken_profile_hides_no_other(folder: Path) -> None:
    broken = folder / "profiles" / "broken" / "profile.toml"
    broken.parent.mkdir(parents=True)
    broken.write_text('title = "never closed')
    listed = run("device", "list", "iphone12")
    assert "iphone12" in listed.stdout
    said = " ".join(listed.stderr.split())
    assert "Left out:" in said
    assert "broken/profile.toml: must be TOML" in said
    run("device", "show", "iPhone 12")  # the phone is looked for in all profiles
