"""``dsim compare``: usage, one line where something is wrong, one object of JSON, and a finished one at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsim.accuracy import estimate_top1
from dsim.arch import Arch
from dsim.cli import main
from dsim.records import from_plain
from dsim.report.page.ledger import comparison_command
from dsim.shift import load_comparison

SMALL = """
stems = ["two_convs"]
mixers = [["pooling"], ["pooling"], ["pooling"], ["pooling", "conv3"]]
attentions = ["attention"]
attention_blocks = [[0], [1, 0]]
widths = [[48], [96], [160, 224], [320, 448]]
depths = [[2, 3], [2], [4, 6], [3, 4]]
mlp_ratios = [[4.0], [4.0], [4.0], [4.0]]
"""


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(["compare", *args])
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["--devices", "iphone12"], 1, "2 to 32 devices"),
        (["--devices", "iphone12,iphone21"], 1, "unknown device 'iphone21'"),
        (["--devices", "iphone12,rtx4090-compiled"], 1, "compare them apart"),
        (["--devices", "iphone12,iphone13", "--budget", "iphone12=2ms"], 1, "none for iphone13"),
        (["--devices", "iphone12,iphone13", "--budget", "iphone12=2"], 2, "unit"),
        (["--devices", "iphone12,iphone13", "--budget", "2ms"], 2, "like iphone12=2ms"),
        (
            ["--devices", "iphone12,iphone13", "--budget", "iphone12=2ms,iphone13=2ms", "--like", "x"],
            2,
            "one of them",
        ),
        (["--devices", "iphone12,iphone13", "--like", "nonsense"], 1, "unknown preset"),
    ],
)
def test_wrong_use_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, args: list[str], code: int, said: str
) -> None:
    got, out, err = run(capsys, *args, "--out", str(tmp_path / "o"))
    assert got == code, err
    assert out == ""
    assert said in err
    assert not (tmp_path / "o").exists()


@pytest.mark.slow
def test_a_comparison_from_the_command_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    space = tmp_path / "space.toml"
    space.write_text(SMALL)
    args = [
        "--devices",
        "iphone12,iphone13",
        "--trials",
        "4",
        "--fold-trials",
        "2",
        "--seeds",
        "1",
        "--refits",
        "2",
    ]
    args += ["--space", str(space), "--out", str(tmp_path / "s"), "--name", "two"]
    code, out, err = run(capsys, *args, "--json")
    assert code == 0, err
    assert out.count("\n") == 1
    found = json.loads(out)
    assert found["schema_version"] == 1
    assert [device["device"] for device in found["devices"]] == ["iphone12", "iphone13"]
    by = {(cell["of"], cell["on"]): cell for cell in found["cells"]}
    assert by["iphone12", "iphone12"]["top1_lost"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert by["iphone12", "iphone13"]["verdict"] == "shared model"
    assert found["refits"] == 2
    assert {(one["chosen_on"], one["run_on"]) for one in found["measured"]["regret"]} == {
        ("iphone12", "iphone13"),
        ("iphone13", "iphone12"),
    }
    # two refits and one halving: nothing is called a difference anywhere, and why is said
    every = [*found["cells"], *found["flips"], *(on for row in found["what_if"]["rows"] for on in row["on"])]
    assert "difference" not in {one["verdict"] for one in every}
    assert any("nothing here is called a finding" in note for note in found["notes"])
    assert load_comparison(tmp_path / "s" / "two").seconds == found["seconds"]
    code, out, _ = run(capsys, *args, "--details")  # finished: shown at once
    assert code == 0
    assert "< 0.0001" not in out
    out = " ".join(out.split())
    for part in (
        "No difference is significant",
        "nothing here is called a finding",
        "Top-1 points lost",
        "What differs between two best designs",
        "What if",
        "shared model",
        "Winner's curse",
        "paired draws",
        "Not searched on iphone12",
    ):
        assert part in out
    assert load_comparison(tmp_path / "s" / "two").seconds == found["seconds"]
    # another budget for one device leaves the other's study as it is
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "s" / "two" / "devices").iterdir()}
    budgets = {d["device"]: d["budget_ms"] for d in found["devices"]}
    other = f"iphone12={budgets['iphone12']!r}ms,iphone13={budgets['iphone13'] * 1.2:.6g}ms"
    assert run(capsys, *args, "--budget", other, "--json")[0] == 0
    after = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "s" / "two" / "devices").iterdir()}
    assert len(after) == 3
    assert {name: after[name] for name in before} == before
    # another recipe is another question, with studies of its own
    asked = [*args[:-1], "plain", "--seeds", "0", "--recipe", "epochs=100,teacher=none"]
    code, out, err = run(capsys, *asked, "--json")
    assert code == 0, err
    plain = json.loads(out)
    for less, more in zip(plain["devices"], found["devices"], strict=True):
        best = from_plain(Arch, less["best"]["arch"], "a design")
        top1 = estimate_top1(best, recipe="epochs=100,teacher=none").top1
        assert less["best"]["top1"] == pytest.approx(top1, abs=1e-3)
        assert less["best"]["top1"] < more["best"]["top1"] - 1.0
    code, out, _ = run(capsys, *asked)
    assert "100 epochs, no teacher, 224 px" in " ".join(out.split())
    command, _ = comparison_command(load_comparison(tmp_path / "s" / "plain"), "plain")
    assert "--recipe epochs=100,teacher=none,augment=strong,px=224" in command


def test_a_folder_that_cannot_be_made_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, err = run(capsys, "--devices", "iphone12,iphone13", "--out", str(tmp_path / "file"))
    assert code == 1
    assert out == ""
    assert err.count("\n") == 1
    assert "must be a folder, and is a file" in err
