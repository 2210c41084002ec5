"""An export is whole or absent, and replaces nothing that dsim did not write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.errors import FileAccessError
from dsim.export import write_torch

L1, L3 = get_preset("efficientformer_l1"), get_preset("efficientformer_l3")
NAMES = {"model.py", "arch.json", "README.md"}


def test_its_own_unchanged_files_are_replaced(tmp_path: Path) -> None:
    write_torch(L1, tmp_path)
    write_torch(L3, tmp_path)
    assert "efficientformer_l3" in (tmp_path / "model.py").read_text()
    assert {path.name for path in tmp_path.iterdir()} == NAMES


def test_writing_twice_changes_nothing(tmp_path: Path) -> None:
    write_torch(L1, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write_torch(L1, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", sorted(NAMES))
def test_changed_files_are_kept(tmp_path: Path, name: str) -> None:
    write_torch(L1, tmp_path)
    mine = "# mine\n" + (tmp_path / name).read_text()
    (tmp_path / name).write_text(mine)
    with pytest.raises(FileAccessError, match=f"{name}, which was changed or made by somebody else"):
        write_torch(L3, tmp_path)
    assert (tmp_path / name).read_text() == mine
    assert {path.name for path in tmp_path.iterdir()} == NAMES


@pytest.mark.parametrize("name", sorted(NAMES))
def test_foreign_files_are_kept(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("somebody's")
    with pytest.raises(FileAccessError, match="move it away or choose another folder"):
        write_torch(L1, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    write_torch(L1, tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_file_in_the_folders_place(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileAccessError, match="must be a folder, and is a file"):
        write_torch(L1, tmp_path / "taken")


def test_a_failure_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_torch(L1, tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(FileAccessError, match="No space left"):
        write_torch(L3, tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
