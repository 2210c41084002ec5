"""Whatever a command does, the library does: the same inputs give the same result from Python."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import dsim
from dsim.cli.main import dsim as command
from dsim.device.card import read_card
from dsim.latency import load_model

SHEET = """network,latency_ms
mobilenetv2_100@224,0.903
resnet50@224,2.51
efficientnet_b0@224,1.6
vit_base_patch16_224@224,5.2
resnet18@224,1.3
"""


def told(*words: str) -> dict[str, Any]:
    done = CliRunner().invoke(command, [*words, "--json"])
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert value.pop("schema_version") == 1
    assert isinstance(value, dict)
    return value


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.chdir(tmp_path)
    load_model.cache_clear()
    yield tmp_path
    load_model.cache_clear()


def test_predict() -> None:
    answer = dsim.predict("efficientformer_l1", "iphone12", confidence=0.8)
    found = told("predict", "efficientformer_l1", "--device", "iphone12", "--confidence", "0.8")
    for key in ("latency_ms", "low_ms", "high_ms", "confidence", "complete", "p_cliff"):
        assert found[key] == getattr(answer, key), key


def test_top1() -> None:
    answer = dsim.top1("poolformer_s12")
    assert told("top1", "poolformer_s12") == {"arch": "poolformer_s12", **answer.to_dict()}


def test_export(folder: Path) -> None:
    there = dsim.export("poolformer_s12", folder / "python")
    found = told("export", "poolformer_s12", "-o", str(folder / "command"))
    assert {Path(name).name: Path(name).read_text() for name in found["files"]} == {
        path.name: path.read_text() for path in there.files
    }


def test_study(folder: Path) -> None:
    """The command and the call write the same folder, the model with its figures included."""
    result = dsim.search("iphone12", "2ms", trials=3, seed=1, out=folder / "python")
    found = told(
        "study", "--device", "iphone12", "--budget", "2ms", "--trials", "3", "--seed", "1", "--out", "command"
    )
    ours = plain(result.to_dict())
    for one in (found, ours):
        one.pop("cost")  # seconds
        one.pop("schema_version", None)
    assert found == ours
    for name in ("model/model.py", "model/README.md", "front.parquet"):
        assert (folder / "python" / "iphone12-2ms" / name).read_bytes() == (
            folder / "command" / "iphone12-2ms" / name
        ).read_bytes(), name
    assert (
        str(result.sentences()[0]) in (folder / "python" / "iphone12-2ms" / "model" / "README.md").read_text()
    )


@pytest.mark.slow
def test_add_and_adapt_a_device(folder: Path) -> None:
    (folder / "mine.csv").write_text(SHEET)
    added = dsim.add_device("mine.csv", "by-python", like="iphone12", title="Mine")
    found = told("device", "add", "mine.csv", "--name", "by-command", "--like", "iphone12", "--title", "Mine")
    named = {"device": "by-command", "folder": str(added.folder.with_name("by-command"))}
    assert found == {**plain(added.to_dict()), **named}
    files = ("networks.csv",)
    assert [(added.folder / one).read_bytes() for one in files] == [
        (added.folder.with_name("by-command") / one).read_bytes() for one in files
    ]
    assert "5 networks" in repr(added)

    advice = dsim.adapt("by-python")
    assert told("device", "adapt", "by-command") == {"device": "by-command", **plain(advice.to_dict())}
    ours, theirs = (read_card(added.folder.with_name(name)) for name in ("by-python", "by-command"))
    assert ours
    assert theirs
    assert replace(ours, content="") == replace(theirs, content="")  # the profiles' names are in that

    again = dsim.adapt("at-once", "mine.csv", like="iphone12", title="Mine")
    assert plain(again.to_dict()) == plain(advice.to_dict())
    with pytest.raises(dsim.DsimError, match="like say how to read files"):
        dsim.adapt("by-python", like="iphone12")
