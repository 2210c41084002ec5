"""A finished study is shown again from a folder that cannot be written; an unfinished one is refused at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from dsim.cli.main import dsim as command

JOINT = ("--device", "iphone12=2ms", "--device", "galaxy-s24-qnn-float=1ms", "--name", "both")


def written(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Return when each file was written, and what it holds."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.mark.slow
@pytest.mark.parametrize("asked", [("--device", "iphone12", "--budget", "2ms"), JOINT], ids=["one", "joint"])
def test_a_finished_study_needs_no_folder_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    words = ["study", *asked, "--trials", "6", "--out", str(tmp_path)]
    first = CliRunner().invoke(command, words)
    assert first.exit_code == 0, first.output
    before, access = written(tmp_path), os.access
    # what a folder without the right answers, also to root, who may write everywhere
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    again = CliRunner().invoke(command, words)
    assert again.exit_code == 0, again.output
    assert again.stdout == first.stdout
    assert written(tmp_path) == before
    other = CliRunner().invoke(command, [*words, "--seed", "1"])
    assert "differs in seed (0 there, 1 asked)" in other.stderr
    for path in tmp_path.glob("*/chosen.json"):
        path.unlink()
    unfinished = CliRunner().invoke(command, words)
    assert unfinished.exit_code == 1
    assert "must be writable, and is not" in unfinished.stderr
