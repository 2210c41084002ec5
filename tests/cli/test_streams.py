"""Answers reach a standard output of every kind: without a width, closed, full, or of few letters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

DSIM = [sys.executable, "-m", "dsim"]
LIST = [*DSIM, "device", "list", "iphone"]
UNIX = pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes streams by number")


def answer(words: list[str], **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(words, capture_output=True, env={**os.environ, **environment}, check=False)


def in_shell(redirected: str, *words: str) -> subprocess.CompletedProcess[bytes]:
    return answer(["sh", "-c", f'"$@" {redirected}', "sh", *DSIM, *words])


@pytest.mark.parametrize("columns", ["0", "-3", "wide"])
def test_a_width_that_is_none_is_not_asked_for(columns: str) -> None:
    without = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    expected = subprocess.run(LIST, capture_output=True, env=without, check=True).stdout
    assert b"iphone12" in expected
    assert answer(LIST, COLUMNS=columns).stdout == expected


@UNIX
def test_a_closed_stream_leads_nowhere() -> None:
    assert in_shell(">&-", "device", "list", "iphone").returncode == 0
    heard = in_shell("2>&-", "device", "list", "iphone")
    assert heard.returncode == 0
    assert heard.stdout == answer(LIST).stdout
    assert in_shell(">&- 2>&-", "device", "list", "toaster").returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
@pytest.mark.parametrize(
    "words", [("device", "list", "iphone"), ("--help",), ("--version",), ("study", "-h")]
)
def test_a_full_disk_is_one_line(words: tuple[str, ...]) -> None:
    full = in_shell(">/dev/full", *words)
    assert full.returncode == 1
    assert full.stderr.count(b"\n") == 1
    assert b"No space left on device; make room" in full.stderr
    assert b"fault of dsim" not in full.stderr


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_letters_that_an_encoding_lacks_become_plain_ones(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "größe.toml").write_text("")
    heard = answer(LIST, PYTHONIOENCODING=encoding)
    assert heard.returncode == 0
    assert ("─" * 20 if encoding == "utf-8" else "-" * 20) in heard.stdout.decode(encoding)
    space = ["study", "--device", "iphone12", "--budget", "2ms", "--space", str(tmp_path / "größe.toml")]
    said = answer([*DSIM, *space], PYTHONIOENCODING=encoding)
    assert said.returncode == 1
    assert b"is empty; correct it" in said.stderr
