"""A small `dsim study` on bundled devices of every kind ends in an answer, and the commands that it prints can be run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dsim
from dsim.cli.main import dsim as command
from dsim.device import find_profile, list_profiles
from dsim.device.rough import rough_note

NETWORK = "efficientformer_l1"
# leaves the accelerator so often that no budget is enough for the usual chance
NO_BUDGET = "galaxy-s23-gpu"


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words), env={"COLUMNS": "200"})


def study(device: str, folder: Path) -> Result:
    budget = f"{dsim.predict(NETWORK, device).latency_ms:.3g}ms"
    return run("study", "--device", device, "--budget", budget, "--trials", "2", "--out", str(folder))


def check_words(result: Result) -> None:
    assert result.exit_code in (0, 3), result.output
    assert not re.search(r"\b(nan|inf)\b", result.output), result.output


def test_where_no_budget_is_enough_the_command_that_is_printed_finds_a_design(tmp_path: Path) -> None:
    first = study(NO_BUDGET, tmp_path)
    assert first.exit_code == 3
    check_words(first)
    assert "No budget is enough for a chance of 90%" in first.stdout
    (line,) = re.findall(r"^  dsim (study .*)$", first.stdout, flags=re.MULTILINE)
    less = run(*shlex.split(line))
    assert less.exit_code == 0, less.output
    check_words(less)
    assert run("report", str(tmp_path), "-o", str(tmp_path / "page.html")).exit_code == 0


def one_of_each_kind() -> list[str]:
    """Return a profile for each way of learning and group of devices."""
    found: dict[tuple[object, ...], str] = {}
    for name in sorted(list_profiles()):
        profile = find_profile(name)
        if not rough_note(profile):
            found.setdefault((profile.method, profile.group), name)
    return sorted(found.values())


@pytest.mark.slow
def test_a_study_on_a_device_of_each_kind_ends_in_an_answer(tmp_path: Path) -> None:
    for device in one_of_each_kind():
        check_words(study(device, tmp_path))
