"""A figure far from the rest, from a sheet to a price, with every bundled device and nothing patched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dsim.cli.main import dsim
from dsim.device import find_profile

GOOD = "network,latency_ms\nmobilenetv2_100@224,0.903\nresnet50@224,2.51\nresnet18@224,1.1\nefficientnet_b0@224,1.6\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    return tmp_path


def add(folder: Path, name: str, text: str) -> Result:
    (folder / f"{name}.csv").write_text(text)
    return CliRunner().invoke(dsim, ["device", "add", str(folder / f"{name}.csv"), "--name", name, "--json"])


def price(name: str) -> dict[str, Any]:
    answer = CliRunner().invoke(dsim, ["predict", "efficientformer_l1", "--device", name, "--json"])
    assert answer.exit_code == 0, answer.output
    told: dict[str, Any] = json.loads(answer.stdout)
    return told


@pytest.mark.slow
def test_one_fall_among_few_moves_the_chance_and_not_the_price(folder: Path) -> None:
    assert add(folder, "good", GOOD).exit_code == 0
    done = add(folder, "fell", GOOD + "densenet121@224,30\n")  # a tenth of that on devices alike
    assert done.exit_code == 0, done.output
    (note,) = json.loads(done.stdout)["notes"]
    assert "row 6: densenet121@224 in 30 ms" in note
    assert "suspected fall" in note
    rows = {row.graph: row.cliff for row in find_profile("fell").networks}
    assert [key for key, cliff in rows.items() if cliff] == ["densenet121@224"]
    good, fell = price("good"), price("fell")
    assert fell["latency_ms"] == pytest.approx(good["latency_ms"], rel=0.05)
    assert fell["p_cliff"] > good["p_cliff"]


@pytest.mark.slow
def test_a_wrong_unit_among_few_is_refused(folder: Path) -> None:
    for wrong in ("0.903", "2.51", "1.1", "1.6"):
        done = add(folder, "unit", GOOD.replace(f",{wrong}\n", f",{float(wrong) * 1000}\n"))
        assert done.exit_code == 1
        assert "its unit must be wrong" in done.output
        assert len(done.output.strip().splitlines()) == 1
    assert not (folder / "profiles" / "unit").exists()
