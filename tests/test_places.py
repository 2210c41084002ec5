"""Where profiles and fits live: the user's wish first, then the platform's folders."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import pytest
from click.testing import CliRunner

from dsim import places
from dsim.cli.main import dsim
from dsim.device import bundled_names, list_profiles
from dsim.errors import FileAccessError
from dsim.files import make_folder, write_atomic


def test_the_users_wish_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path / "cache"))
    assert places.user_profiles_dir() == tmp_path / "profiles"
    assert places.cache_dir() == tmp_path / "cache"


def test_else_the_platforms_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DSIM_PROFILES")
    monkeypatch.delenv("DSIM_CACHE")
    assert places.user_profiles_dir().is_relative_to(platformdirs.user_data_dir("dsim"))
    assert places.cache_dir() == Path(platformdirs.user_cache_dir("dsim"))


def test_bundled_profiles_are_found_in_the_checkout() -> None:
    assert (places.bundled_profiles_dir() / "iphone12" / "profile.toml").is_file()
    assert set(bundled_names()) <= set(list_profiles())


def test_profiles_that_cannot_be_looked_into_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a home that another user closed: root may look everywhere, and a name that is too long stands for it."""
    monkeypatch.setenv("DSIM_PROFILES", "x" * 5000)
    with pytest.raises(FileAccessError, match=r"cannot be looked into: .*DSIM_PROFILES"):
        list_profiles()


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("made/by/dsim", "folder {} must be writable, and is not"),
        ("sheet.csv", "sheet.csv must be a folder, and is a file; let $DSIM_PROFILES name a folder"),
        ("x" * 5000, "File name too long"),  # stands for a home that another user closed, as above
    ],
)
def test_a_device_is_added_where_profiles_may_be_written(
    where: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("network,latency_ms\nmobilenetv2_100,9.1\nresnet50,61.3\nefficientnet_b0,15.2\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DSIM_PROFILES", where)
    if where.startswith("made"):  # root may write everywhere
        access = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and access(path, mode))
    result = CliRunner().invoke(dsim, ["device", "add", str(sheet), "--name", "mine"])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert says.format(tmp_path) in result.stderr
    assert "fault of dsim" not in result.stderr


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "a" / "file.txt"
    with pytest.raises(FileAccessError, match="cannot be written"):
        write_atomic(target, "text")
    make_folder(target.parent)
    write_atomic(target, "text")
    write_atomic(target, b"other")
    assert target.read_text() == "other"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]
    with pytest.raises(FileAccessError, match="must be a folder, and is a file"):
        make_folder(target / "below")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes in a folder are Unix's")
def test_what_is_no_file_is_written_into_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomic(pipe, "text")  # by root, a renamed file would also take the place of /dev/null
        assert os.read(reader, 100) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()
    assert [path.name for path in tmp_path.iterdir()] == ["pipe"]


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_one(there: bool, tmp_path: Path) -> None:
    file, link = tmp_path / "kept" / "page.html", tmp_path / "page.html"
    file.parent.mkdir()
    if there:
        file.write_text("old")
    link.symlink_to(Path("kept") / file.name)
    write_atomic(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"
    assert [path.name for path in file.parent.iterdir()] == [file.name]
