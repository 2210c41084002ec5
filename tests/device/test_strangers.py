"""A stranger's profile: whatever its files hold, loading ends in a profile or in a DsimError, and reads nothing outside."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

import dsim
from dsim.device import find_profile, load_profile
from dsim.errors import DsimError, FileFormatError
from dsim.places import bundled_profiles_dir

NAMES = ("iphone13", "m5-ane", "pixel6-cpu")
TRIES = 400


def _copy(name: str, to: Path) -> Path:
    return Path(shutil.copytree(bundled_profiles_dir() / name, to / name))


def _corrupt(data: bytes, dice: random.Random) -> bytes:
    kind = dice.randrange(5)
    at = dice.randrange(len(data))
    if kind == 0:
        return data[:at]
    if kind == 1:
        return data[:at] + dice.randbytes(dice.randrange(1, 20)) + data[at + 5 :]
    if kind == 2:
        return data[:at] + dice.choice([b'"', b",", b"\n", b"[", b"\x00", b"nan", b"9" * 5000]) + data[at:]
    if kind == 3:
        lines = data.split(b"\n")
        dice.shuffle(lines)
        return b"\n".join(lines)
    return data.replace(
        dice.choice([b"=", b",", b"1", b"2", b'"', b"e"]), dice.choice([b"", b"[", b"-", b"{}"])
    )


@pytest.mark.parametrize("name", NAMES)
def test_corrupt_files_end_in_an_error_of_ours(name: str, tmp_path: Path) -> None:
    folder = _copy(name, tmp_path)
    files = sorted(p for p in folder.iterdir() if p.name != "card.toml")
    whole = {path: path.read_bytes() for path in files}
    dice = random.Random(name)
    messages = []
    for _ in range(TRIES):
        path = dice.choice(files)
        path.write_bytes(_corrupt(whole[path], dice))
        try:
            load_profile(folder)
        except DsimError as error:
            messages.append(str(error))
        path.write_bytes(whole[path])
    assert len(messages) > TRIES // 4
    assert not [text for text in messages if "\n" in text]


@pytest.mark.parametrize("file", ["profile.toml", "networks.csv", "ops.parquet"])
def test_a_link_or_a_pipe_is_refused(file: str, tmp_path: Path) -> None:
    folder = _copy("m5-ane" if file == "ops.parquet" else "pixel6-cpu", tmp_path)
    outside = tmp_path / "outside"
    (folder / file).rename(outside)
    (folder / file).symlink_to(outside)
    with pytest.raises(FileFormatError, match="must be a plain file"):
        load_profile(folder)
    (folder / file).unlink()
    os.mkfifo(folder / file)
    with pytest.raises(FileFormatError, match="must be a plain file"):
        load_profile(folder)


def test_what_toml_nests_or_counts_without_bound_is_refused(tmp_path: Path) -> None:
    folder = _copy("pixel6-cpu", tmp_path)
    good = (folder / "profile.toml").read_text(encoding="utf-8")
    for line in ("x = " + "[" * 5000 + "]" * 5000, "x = " + "9" * 6000, "passes = [[1], {a = 2}]"):
        kept = good.replace('passes = ["', '# passes = ["') if line.startswith("passes") else good
        (folder / "profile.toml").write_text(f"{line}\n{kept}", encoding="utf-8")
        with pytest.raises(FileFormatError):
            load_profile(folder)
    (folder / "profile.toml").write_text(
        good.replace('donor = "pixel4-cpu-1large-quant"', 'donor = "pixel6-cpu"'), encoding="utf-8"
    )
    with pytest.raises(FileFormatError, match="another profile"):
        load_profile(folder)


def test_a_donor_that_is_none_is_told_with_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    about = _copy("pixel6-cpu", tmp_path) / "profile.toml"
    good = about.read_text(encoding="utf-8")
    about.write_text(good.replace("pixel4-cpu-1large-quant", "pixel4-cpu-1large-quan"), encoding="utf-8")
    with pytest.raises(FileFormatError) as error:
        find_profile("pixel6-cpu")
    assert str(error.value).startswith(f"{about}, donor: unknown device 'pixel4-cpu-1large-quan'")
    assert "pixel4-cpu-1large-quant," in str(error.value)


def test_a_donor_that_does_not_teach_is_told_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    (tmp_path / "sheet.csv").write_text(
        "network,latency_ms\nmobilenetv2_100,9.1\nresnet50,61.3\nresnet18,27\n"
    )
    dsim.add_device(tmp_path / "sheet.csv", "first", like="pixel4-cpu-1large-float")
    dsim.add_device(tmp_path / "sheet.csv", "second", like="pixel4-cpu-1large-float")
    about = tmp_path / "second" / "profile.toml"
    text = about.read_text(encoding="utf-8")
    about.write_text(text.replace('donor = "pixel4-cpu-1large-float"', 'donor = "first"'), encoding="utf-8")
    with pytest.raises(FileFormatError) as error:
        dsim.predict("efficientformer_l1", "second")
    assert str(error.value).startswith(
        f"{about}, donor: must be a bundled profile that others are learned from"
    )
