"""Exit codes and messages of the command line, as a shell sees them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dsim.cli import main
from dsim.cli.exits import INTERRUPTED
from dsim.cli.main import VERBS


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(args)
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


def test_help_lists_every_verb(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "--help")
    assert code == 0
    assert all(verb in out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help(capsys: pytest.CaptureFixture[str], verb: str) -> None:
    code, out, _ = run(capsys, verb, "--help")
    assert code == 0
    assert "Usage: dsim" in out


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["study", "--device", "iphone12", "--budget", "2"], 2, "needs a unit"),
        (["study", "--device", "iphone12", "--budget", "0ms"], 2, "must be positive"),
        (["study", "--device", "iphone12"], 2, "Missing option '--budget'"),
        (
            ["study", "--device", "iphone12", "--budget", "2ms,2000us"],
            2,
            "each budget must be given once, got 2ms twice",
        ),
        (["shortlist", "--device", "iphone12", "--budget", "2ms,1ms,2ms"], 2, "got 2ms twice; leave one out"),
        (
            ["shortlist", "--device", "iphone12", "--budget", "2ms", "--px", "224,224"],
            2,
            "each side must be given once, got 224 px twice",
        ),
        (["measure", "--batch", "8,1,8"], 2, "each number of images must be given once, got 8 twice"),
        (["study", "--device", "iphone12=2ms,iphone13=1ms"], 2, "each have a --device of their own, got"),
        (
            ["predict", "efficientformer_l1", "--device", "iphone12", "--px", "224,256"],
            1,
            "height and width must be whole numbers from 1 to 4096, got",
        ),
        (["study", "--device", "iphone12=2ms", "--budget", "1ms"], 2, "got iphone12=2ms and --budget"),
        (["progress", "--storage", "journal://none.log", "--name", "a"], 1, "none.log must be the storage"),
        (["progress", "--storage", "sqlite:///none.db", "--name", "a"], 1, "none.db must be the storage"),
        (["nonsense"], 2, "No such command"),
        (["study", "--device", "iphone12", "--budget", "-2ms"], 2, "positive number and a unit"),
        (
            ["study", "--device", "iphone12", "--budget", "2ms", "--out", "/dev/null"],
            1,
            "/dev/null must be a folder",
        ),
        (
            [
                "study",
                "--device",
                "iphone12",
                "--budget",
                "2ms",
                "--storage",
                "postgresql+pg8000://u:secret@h/d",
            ],
            1,
            "postgresql+pg8000://***@h/d needs a database driver that is not installed; run: pip install pg8000",
        ),
        (
            ["compare", "--devices", "iphone12,iphone13", "--out", "/dev/null"],
            1,
            "/dev/null must be a folder",
        ),
        (["compare", "--devices", "iphone12"], 1, "2 to 32 devices, got 1"),
        (["compare", "--devices", "iphone12,iphone13", "--budget", "iphone12=2"], 2, "needs a unit"),
        (["compare", "--devices", "iphone12,iphone13", "--budget", "iphone12=2ms"], 1, "none for iphone13"),
        (["compare", "--devices", ","], 2, "give one device profile or several"),
        (
            ["compare", "--devices", "iphone12,iphone13", "--budget", "iPhone 12=1ms,iphone12=2ms"],
            2,
            "must have one budget",
        ),
        (
            ["study", "--device", "iphone12=", "--budget", "2ms"],
            2,
            "a duration is a positive number and a unit",
        ),
        (
            ["slim", "nowhere", "--device", "iphone12", "--budget", "iphone12=2ms,3ms"],
            2,
            "must have one budget",
        ),
        (["slim", "nowhere", "--device", "iphone12", "--budget", "iphone12=2"], 2, "needs a unit"),
        (["export", "efficientformer_l1", "-o", "/dev/null"], 1, "/dev/null must be a folder"),
        (
            ["report", "nowhere"],
            1,
            "nowhere must be the folder of a study or a comparison, and does not exist",
        ),
        (["top1", "nowhere/there"], 1, "nowhere/there must be a file or folder, and does not exist"),
        (
            ["top1", "nothing"],
            1,
            "unknown preset 'nothing', and no file or folder here is called so; known: ",
        ),
        (["study", "--device", "iphone21", "--budget", "2ms"], 1, "unknown device 'iphone21'"),
        (
            ["study", "--device", "iphone12", "--budget", "2ms", "--confidence", "2"],
            2,
            "2.0 is not in the range",
        ),
        (
            ["study", "--device", "iphone12", "--budget", "2ms", "--space", "/no/such.toml"],
            1,
            "cannot be read",
        ),
        (["study", "--device", "iphone12", "--budget", "2ms", "--name", "a/b"], 1, "folder name"),
        (["export", "efficientformer_l2", "-o", "x"], 1, "unknown preset 'efficientformer_l2'"),
        (["export", "efficientformer_l1", "--to", "jax", "-o", "x"], 2, "'jax' is not"),
    ],
)
def test_bad_input_is_one_clear_line(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    args: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    got, out, err = run(capsys, *args)
    assert got == code
    assert message in err
    assert out == ""
    assert "Traceback" not in err
    assert not list(tmp_path.iterdir()), "nothing half-written"


def test_study_writes_its_files_and_prints_one_object(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    args = [
        "study",
        "--device",
        "iphone12",
        "--budget",
        "2ms",
        "--trials",
        "3",
        "--out",
        str(tmp_path),
        "--json",
    ]
    code, out, _ = run(capsys, *args)
    assert code == 0
    result = json.loads(out)
    chosen = result["chosen"]
    assert result["schema_version"] == 1
    assert result["device"] == "iphone12"
    assert result["budget_ms"] == 2.0
    assert chosen["low_ms"] < chosen["latency_ms"] < chosen["high_ms"]
    assert chosen["needs_ms"] <= 2.0
    assert chosen["top1_low"] < chosen["top1"] < chosen["top1_high"] < 100
    assert 0 < chosen["p_fits"] <= 1
    assert chosen["params"] > 1e6
    assert chosen["macs"] > 1e8
    assert result["front"]
    assert {"seconds", "designs", "mixes", "repeats"} <= set(result["cost"])
    folder = tmp_path / "iphone12-2ms"
    assert {"study.toml", "chosen.json", "front.parquet", "trials.jsonl", "model"} <= {
        p.name for p in folder.iterdir()
    }
    assert (folder / "model" / "model.py").is_file()
    again, text, _ = run(capsys, *args[:-1])
    assert again == 0
    assert "The design: 224 px" in text
    other, _, err = run(capsys, *args, "--seed", "1")
    assert other == 1
    assert "choose another --name" in err


def test_nothing_fits_is_exit_code_3(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    args = ["study", "--device", "iphone12", "--budget", "10us", "--trials", "2", "--out", str(tmp_path)]
    code, out, _ = run(capsys, *args, "--json")
    assert code == 3
    result = json.loads(out)
    assert result["chosen"] is None
    assert result["nearest_feasible_budget_ms"] == pytest.approx(result["fastest"]["needs_ms"])
    code, out, _ = run(capsys, *args)
    assert code == 3
    assert "no design fits 0.01 ms" in " ".join(out.split())
    assert "The smallest budget" in out


def test_a_file_in_the_way_of_the_output(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")
    args = [
        "study",
        "--device",
        "iphone12",
        "--budget",
        "2ms",
        "--trials",
        "1",
        "--out",
        str(tmp_path / "out"),
    ]
    code, _, err = run(capsys, *args)
    assert code == 1
    assert "must be a folder, and is a file" in err


def test_export_of_a_preset_and_of_a_study(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, _, _ = run(capsys, "export", "efficientformer_l1", "-o", str(tmp_path / "l1"))
    assert code == 0
    assert {"model.py", "arch.json", "README.md"} <= {p.name for p in (tmp_path / "l1").iterdir()}
    code, _, _ = run(capsys, "export", str(tmp_path / "l1" / "arch.json"), "-o", str(tmp_path / "again"))
    assert code == 0
    assert (tmp_path / "again" / "arch.json").read_text() == (tmp_path / "l1" / "arch.json").read_text()
    (tmp_path / "broken.json").write_text("{")
    code, _, err = run(capsys, "export", str(tmp_path / "broken.json"), "-o", str(tmp_path / "no"))
    assert code == 1
    assert "must be JSON" in err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows ends programs without a signal")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_ends_a_program_does_what_ctrl_c_does(name: str, tmp_path: Path) -> None:
    words = [
        "study",
        "--device",
        "iphone12",
        "--budget",
        "2ms",
        "--trials",
        "100000",
        "--name",
        "s",
        "--out",
        str(tmp_path),
    ]
    trials = tmp_path / "s" / "trials.jsonl"
    with subprocess.Popen(
        [sys.executable, "-m", "dsim", *words],
        stderr=subprocess.PIPE,
        text=True,
        # where the tests run under nohup, the program would ignore what they ignore
        preexec_fn=lambda: signal.signal(signal.Signals[name], signal.SIG_DFL),  # noqa: PLW1509 (no threads here)
    ) as process:
        limit = time.monotonic() + 300
        while process.poll() is None and not (trials.exists() and trials.read_text().count("\n") > 1):
            assert time.monotonic() < limit
            time.sleep(0.1)
        process.send_signal(signal.Signals[name])
        assert process.wait(timeout=60) == INTERRUPTED
        assert process.stderr is not None
        assert "Interrupted" in process.stderr.read()
    assert (tmp_path / "s" / "chosen.json").exists()
