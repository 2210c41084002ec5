"""A profile of one's own is deleted with what was measured for it, and nothing beside it is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import dsim
from dsim.cli.main import dsim as command
from dsim.device.folders import JOURNALS, bundled_names
from dsim.errors import InvalidValueError, UnknownNameError

MINE, BESIDE = ("profile.toml", "networks.csv", "card.toml", "card-batch8.toml"), "notes.txt"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two profiles, journals of both, and a file that dsim did not write."""
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    for name in ("mine", "other"):
        (tmp_path / name).mkdir()
        for file in MINE:
            (tmp_path / name / file).write_text("broken on purpose")  # what cannot be read can be removed
    (tmp_path / JOURNALS).mkdir()
    for name in ("mine.jsonl", "mine.contrasts.jsonl", "mine2.jsonl", "other.jsonl"):
        (tmp_path / JOURNALS / name).write_text("{}")
    return tmp_path


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def run(*words: str) -> Result:
    return CliRunner().invoke(command, ["device", "remove", *words])


def test_its_files_and_journals_go_and_no_other(root: Path) -> None:
    before = files(root)
    done = dsim.remove_device("mine")
    gone = {*(f"mine/{name}" for name in MINE), f"{JOURNALS}/mine.jsonl", f"{JOURNALS}/mine.contrasts.jsonl"}
    assert before - files(root) == gone == {str(path.relative_to(root)) for path in done.files}
    assert not (root / "mine").exists()
    with pytest.raises(UnknownNameError, match="unknown device 'mine'; known: other"):
        dsim.remove_device("mine")


def test_what_dsim_did_not_write_stays(root: Path) -> None:
    (root / "mine" / BESIDE).write_text("mine")
    done = run("mine", "--yes")
    assert done.exit_code == 0, done.output
    assert [path.name for path in (root / "mine").iterdir()] == [BESIDE]
    assert f"Left in place, for dsim did not write it: {root / 'mine' / BESIDE}" in done.stdout


def test_a_journal_that_serves_another_profile_stays(root: Path) -> None:
    (root / "other").rename(root / "mine-onnxruntime")
    dsim.remove_device("mine")
    assert (root / JOURNALS / "mine.jsonl").exists()


def test_without_a_terminal_it_wants_a_yes(root: Path) -> None:
    before = files(root)
    done = run("mine")
    assert done.exit_code == 1
    assert "give --yes to delete" in done.stderr
    assert done.stderr.count("\n") == 1
    assert files(root) == before
    told = json.loads(run("mine", "--yes", "--json").stdout)
    assert (told["device"], len(told["files"]), told["left"]) == ("mine", 6, [])


def test_a_bundled_profile_cannot_be_removed(root: Path) -> None:
    for name in ("iphone12", bundled_names()[0]):
        with pytest.raises(InvalidValueError, match=f"'{name}' comes with dsim; yours are: mine, other"):
            dsim.remove_device(name)


def test_a_wrong_name_lists_the_closest(root: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown device 'mien'; known: mine, other; closest: mine"):
        dsim.remove_device("mien")


def test_a_link_goes_and_what_it_points_to_stays(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = tmp_path_factory.mktemp("away") / "linked"
    (root / "other").rename(away)
    (root / "linked").symlink_to(away)
    assert dsim.remove_device("linked").files == (root / "linked",)
    assert not (root / "linked").is_symlink()
    assert {path.name for path in away.iterdir()} == set(MINE)


def test_a_shadow_gone_shows_what_it_hid(root: Path) -> None:
    (root / "other").rename(root / "iphone12")
    done = run("iphone12", "--yes")
    assert "iphone12 is now the profile that comes with dsim." in done.stdout
    assert dsim.load_profile("iphone12").donor == ""
