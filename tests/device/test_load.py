"""Profiles: what a broken one says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dsim.device import find_profile, list_profiles, load_profile
from dsim.errors import FileAccessError, FileFormatError, UnknownNameError
from dsim.places import bundled_profiles_dir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_profiles_dir() / "iphone12", tmp_path / "iphone12"))


def _edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def _edit_row(path: Path, column: str, value: str, row: int = 2) -> None:
    import csv

    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    rows[row - 1][rows[0].index(column)] = value
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


@pytest.mark.parametrize("name", ["iphone12", "iphone13", "iphone14"])
def test_bundled_profiles_load_and_name_their_reference(name: str) -> None:
    profile = find_profile(name)
    assert profile.name == name
    assert any(profile.is_reference(row) for row in profile.networks)
    assert all(row.source and row.licence for row in profile.networks)
    assert profile.sources == tuple(sorted(set(profile.sources)))


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("latency_ms", "fast", "must be a number"),
        ("latency_ms", "0", "must be a positive number"),
        ("latency_ms", "nan", "must be a number"),
        ("latency_ms", "-1", "must be a number of at least 0"),
        ("model", "iPhone 99", "must be one of iPhone 12"),
        ("protocol", "stopwatch", "must be one of app-ios15"),
        ("graph", "resnet50", "must be name@resolution"),
        ("source", "", "must not be empty"),
        ("top1", "high", "must be a number"),
    ],
)
def test_a_broken_field_is_named_by_file_row_column_and_rule(
    folder: Path, column: str, value: str, rule: str
) -> None:
    path = folder / "networks.csv"
    _edit_row(path, column, value, row=3)
    with pytest.raises(FileFormatError) as error:
        load_profile(folder)
    message = str(error.value)
    assert f"{path}, row 3, column '{column}'" in message
    assert rule in message


@pytest.mark.parametrize("column", ["latency_ms", "model", "graph"])
def test_a_value_that_is_very_long_is_shown_in_part(folder: Path, column: str) -> None:
    _edit_row(folder / "networks.csv", column, "y" * 5000, row=3)
    with pytest.raises(FileFormatError, match=f"column '{column}'") as error:
        load_profile(folder)
    assert len(str(error.value)) < 1000


def test_a_missing_column_an_extra_one_and_a_short_row(folder: Path) -> None:
    path = folder / "networks.csv"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("latency_ms", "latency", 1), encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"row 1: column 'latency_ms' is missing"):
        load_profile(folder)
    head, _, rest = good.partition("\n")
    path.write_text(f"{head},mood\n{rest}", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"row 1: column 'mood' is unknown"):
        load_profile(folder)
    path.write_text(f"{head}\nonly,three,fields\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match=r"row 2: must have 16 fields, got 3"):
        load_profile(folder)
    path.write_text(f"{head}\n", encoding="utf-8")
    with pytest.raises(FileFormatError, match="at least one measured network"):
        load_profile(folder)


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("schema_version = 1", "schema_version = 2", "schema_version must be 1, got 2"),
        ('name = "iphone12"', 'name = "phone"', "must equal the folder's name 'iphone12'"),
        ('pool = "iphones"', "pool = 3", "pool must be a text, got 3"),
        ('"fold_batch_norm"', '"fold_everything"', "passes must be chosen from"),
        ("low_px = 192", "low_px = 500", "low_px must not exceed high_px"),
        ("low_px = 192", 'low_px = "big"', "resolution.low_px must be a whole number, got 'big'"),
        ('protocol = "xcode14-ios16"', 'protocol = "stopwatch"', "reference.protocol must be one of"),
        ("licence =", "license =", "got also 'license'"),
        ("schema_version = 1", "schema_version = = 1", "must be TOML"),
        ("schema_version = 1", "schema_version = 1\ncolour = 2", "got also 'colour'"),
    ],
)
def test_a_broken_profile_toml_says_the_rule(folder: Path, old: str, new: str, rule: str) -> None:
    _edit(folder / "profile.toml", old, new)
    with pytest.raises(FileFormatError) as error:
        load_profile(folder)
    assert str(folder / "profile.toml") in str(error.value)
    assert rule in str(error.value)


def test_a_broken_contrast_is_named(folder: Path) -> None:
    _edit_row(folder / "contrasts.csv", "choice", "something", row=2)
    with pytest.raises(FileFormatError, match=r"contrasts.csv, row 2, column 'choice'"):
        load_profile(folder)


def test_files_that_are_not_there_or_not_text(folder: Path) -> None:
    (folder / "networks.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(FileFormatError, match="UTF-8"):
        load_profile(folder)
    (folder / "networks.csv").unlink()
    with pytest.raises(FileAccessError, match="cannot be read"):
        load_profile(folder)


def test_an_unknown_device_lists_the_known_ones() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown device 'iphone21'; the closest: iphone1.*`dsim device list`"
    ):
        find_profile("iphone21")


def test_a_users_profile_shadows_a_bundled_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(folder.parent))
    _edit(folder / "profile.toml", "title = ", 'title = "Mine: " # ')
    assert list_profiles()["iphone12"] == folder
    assert find_profile("iphone12").title == "Mine: "
