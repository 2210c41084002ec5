"""`dsim progress`: how far a study in a storage is; and two processes that work alone in one folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dsim.arch import Mixer
from dsim.cli import main
from dsim.errors import InvalidValueError, UnavailableError
from dsim.search import search
from dsim.search.look import look
from dsim.search.space_file import space_toml
from tests.search.test_study import SMALL

pytestmark = pytest.mark.slow
ASKED = ("--device", "iphone12", "--budget", "2ms", "--name", "s")
# no published design lies in it
OWN = SMALL.fixed(
    mixers=((Mixer.CONV3,),) * 4, widths=((36,), (72,), (136,), (264,)), mlp_ratios=((3.5,),) * 4
)


def run(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(args)
    told = capsys.readouterr()
    return int(stop.value.code or 0), told.out, told.err


@contextmanager
def working(*args: str) -> Iterator[subprocess.Popen[str]]:
    """Run ``dsim study`` as another process; it is killed at the end."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    words = [sys.executable, "-m", "dsim", "study", *ASKED, *args]
    with subprocess.Popen(
        words, env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(process: subprocess.Popen[str], path: Path, lines: int) -> None:
    """Wait until another process has written so many lines."""
    limit = time.monotonic() + 300
    while not path.exists() or path.read_bytes().count(b"\n") < lines:
        assert process.poll() is None, process.stderr and process.stderr.read()
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_progress_of_a_finished_study_says_so_and_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"journal://{tmp_path / 'log'}"
    found = search("iphone12", "2ms", trials=3, space=SMALL, name="s", storage=url)
    before = (tmp_path / "log").read_bytes()
    code, out, err = run(capsys, "progress", "--storage", url, "--name", "s", "--json")
    told = json.loads(out)
    assert (code, err) == (0, "The search is finished: 3 combinations of block types were searched.\n")
    assert (told["done"], told["open"], told["trials"]) == (3, 0, 3)
    assert found.chosen is not None
    assert told["chosen"]["arch"] == json.loads(found.chosen.arch.to_json())
    assert (tmp_path / "log").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]
    search("iphone12", "2ms", trials=3, space=SMALL, name="t", storage=url)
    with pytest.raises(InvalidValueError, match="must be named, and it holds s, t; give --name"):
        look(url)


def test_progress_of_a_running_study_says_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, log = f"journal://{tmp_path / 'log'}", tmp_path / "log"
    with working("--trials", "100000", "--storage", url, "--out", str(tmp_path)) as process:
        wait_for(process, log, 60)
        code, out, err = run(capsys, "progress", "--storage", url)  # it holds one study
        assert process.poll() is None
    assert code == 0
    assert "combinations of block types are searched, " in err
    assert err.split()[0].replace(",", "").isdigit()
    assert " of at most 100,000 " in err
    assert len(err.splitlines()) == 1
    answer = "On iPhone 12, 12 Pro and 12 Pro Max (A14), the most accurate design that fits 2 ms"
    assert " ".join(out.split()).startswith(answer)  # in lines of any width
    assert "The design: 224 px" in out
    assert ".front" not in out  # what only Python can ask for
    before = log.read_bytes()
    look(url, "s")
    assert log.read_bytes() == before


def test_progress_of_a_study_that_has_only_begun_is_one_line(tmp_path: Path) -> None:
    url = f"journal://{tmp_path / 'log'}"
    with pytest.raises(InvalidValueError, match="give it more --time"):
        search("iphone12", "2ms", space=OWN, name="s", storage=url, time_s=1e-9)
    with pytest.raises(UnavailableError, match="'s' has only begun; look again in a while"):
        look(url, "s")


def test_of_two_that_work_alone_in_a_folder_the_second_is_refused_and_the_first_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trials = tmp_path / "s" / "trials.jsonl"
    asked = ("--trials", "100000", "--out", str(tmp_path))
    with working(*asked) as first:
        wait_for(first, trials, 3)
        code, out, err = run(capsys, "study", *ASKED, *asked)
        assert (code, out) == (1, "")
        (said,) = [line for line in err.splitlines() if line.startswith("Error")]
        assert (
            "must be written by one command at a time, and another one works on it; wait for its end, or give a --storage"
            in said
        )
        wait_for(first, trials, trials.read_bytes().count(b"\n") + 3)
    # one that was killed keeps nobody out
    (tmp_path / "space.toml").write_text(space_toml(SMALL))
    code, out, err = run(
        capsys, "study", *ASKED, "--trials", "100000", "--time", "1s", "--out", str(tmp_path)
    )
    assert code == 0
    assert "one command at a time" not in err
