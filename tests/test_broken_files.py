"""Whatever file that dsim reads is broken, in whatever way: one line that names this file, what is wrong and what to do."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dsim.arch import get_preset
from dsim.arch.named import read_design
from dsim.device.card import NAME as CARD
from dsim.device.card import read_card
from dsim.device.load import load_profile
from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.measure.journal import open_journal
from dsim.places import bundled_profiles_dir
from dsim.report.page.subject import read_subjects
from dsim.search import StudyResult, load_space, load_study
from dsim.search.files import CHOSEN, FRONT, INPUTS, read_inputs, read_result, write_inputs, write_result
from dsim.search.record import FileRecord
from dsim.search.study import search_mixes
from dsim.shift import load_comparison
from dsim.shift.files import RECORD, to_dict
from dsim.shift.measured import FILE as TIMED
from dsim.shift.measured import Timed, read_measured, write_measured
from tests.measure.test_journal import DESIGN, HEAD, STORED
from tests.search.test_study import scorer, spec
from tests.shift.test_serial import comparison

DATABASE, TRIALS, JOURNAL = "study.db", "trials.jsonl", "mine.jsonl"


@dataclass(frozen=True)
class Reader:
    """A file, what makes a sound one in a folder, and what reads it."""

    file: str
    make: Callable[[Path], object]
    read: Callable[[Path], object]

    def __str__(self) -> str:
        return self.file


def make_study(folder: Path) -> None:
    wanted = replace(spec(trials=2), out=folder.parent, name=folder.name)
    found = search_mixes(wanted, scorer(), "a")
    write_inputs(wanted, "abc", {"latency": "1", "accuracy": "2"})
    result = StudyResult(wanted, found.chosen, found.front, found.fastest, (), (), found.cost)
    write_result(result)


def make_trials(folder: Path) -> None:
    search(folder, trials=2)


def search(folder: Path, trials: int = 3) -> object:
    return search_mixes(spec(trials=trials), scorer(), "a", f"sqlite:///{folder / DATABASE}")


def go_on(folder: Path, trials: int = 3) -> object:
    asked = spec(trials=trials)
    record = FileRecord(folder / TRIALS, asked.name, "a", asked.inputs())
    return search_mixes(asked, scorer(), "a", record)


def make_profile(folder: Path, source: str = "iphone12") -> None:
    """Copy a bundled profile, and name it like its folder, as a profile is."""
    shutil.copytree(bundled_profiles_dir() / source, folder, dirs_exist_ok=True)
    path = folder / "profile.toml"
    named = f'name = "{folder.name}"'
    path.write_text(re.sub(r'^name = ".*"$', named, path.read_text("utf-8"), flags=re.MULTILINE), "utf-8")


def make_operators(folder: Path) -> None:
    source = next(path.parent for path in sorted(bundled_profiles_dir().glob("*/ops.parquet")))
    make_profile(folder, source.name)


def make_journal(folder: Path) -> None:
    journal = open_journal(folder / JOURNAL, HEAD)
    for entry in (DESIGN, STORED):
        journal.append(entry)


def make_timed(folder: Path) -> None:
    write_measured(folder, [Timed("a", "0123456789ab", 1.0, 0.1, 9, 0.0, "a chip", "a runtime")])


def read_study(folder: Path) -> object:
    recorded = read_inputs(folder)
    assert recorded is not None
    return read_result(replace(spec(), out=folder.parent, name=folder.name))


READERS = (
    Reader(INPUTS, make_study, load_study),
    Reader(INPUTS, make_study, lambda folder: read_subjects([folder])),
    Reader(INPUTS, make_study, read_study),
    Reader(CHOSEN, make_study, load_study),
    Reader(CHOSEN, make_study, lambda folder: read_subjects([folder])),
    Reader(CHOSEN, make_study, lambda folder: read_design(str(folder))),
    Reader(FRONT, make_study, load_study),
    Reader(FRONT, make_study, lambda folder: read_subjects([folder])),
    Reader(DATABASE, make_trials, search),
    Reader(TRIALS, lambda folder: go_on(folder, trials=2), go_on),
    Reader(
        "arch.json",
        lambda folder: (folder / "arch.json").write_text(get_preset("efficientformer_l1").to_json()),
        lambda folder: read_design(str(folder)),
    ),
    Reader(
        "space.toml",
        lambda folder: (folder / "space.toml").write_text("resolution = 256\n"),
        lambda folder: load_space(folder / "space.toml"),
    ),
    Reader(
        RECORD,
        lambda folder: (folder / RECORD).write_text(json.dumps(to_dict(comparison()))),
        load_comparison,
    ),
    Reader(
        RECORD,
        lambda folder: (folder / RECORD).write_text(json.dumps(to_dict(comparison()))),
        lambda folder: read_subjects([folder]),
    ),
    Reader(TIMED, make_timed, read_measured),
    Reader("profile.toml", make_profile, load_profile),
    Reader("networks.csv", make_profile, load_profile),
    Reader("contrasts.csv", make_profile, load_profile),
    Reader("ops.parquet", make_operators, load_profile),
    Reader(CARD, make_profile, read_card),
    Reader(JOURNAL, make_journal, lambda folder: open_journal(folder / JOURNAL, HEAD).entries()),
)


def cut(path: Path) -> None:
    content = path.read_bytes()
    half = len(content) // 2
    if path.suffix == ".csv":  # a row that ends inside its last field looks whole: cut in the first one
        half = max(content.rfind(b"\n", 0, half) + 2, half // 2)
    path.write_bytes(content[:half])


def scramble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for at in range(len(content) // 3, len(content), 7):  # the beginning still looks sound
        content[at] ^= 0xFF
    path.write_bytes(content)


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


BREAKS: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "blank": lambda path: path.write_bytes(b"\n\n"),
    "cut": cut,
    "bytes": lambda path: path.write_bytes(b"\x00\xff\xfe\x01" * 64),
    "scrambled": scramble,
    "words": lambda path: path.write_bytes(b"this is no such file\n"),
    "list": lambda path: path.write_bytes(b"[]"),
    "object": lambda path: path.write_bytes(b"{}"),
    "other object": lambda path: path.write_bytes(b'{"schema_version": 1, "cost": {}, "chosen": 3}'),
    "deep": lambda path: path.write_bytes(b"[" * 100_000),
    "folder": folder_instead,
}
# a file that holds nothing is a sound one here: SQLite begins it
# and of a journal, or of a study's trials, only a last line that was cut off may be left out
SOUND = {
    (JOURNAL, "cut"),
    (TRIALS, "cut"),
    (TRIALS, "empty"),
    (DATABASE, "empty"),
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("reader", READERS, ids=str)
def test_the_error_names_the_broken_file(reader: Reader, how: str, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    reader.make(folder)
    path = folder / reader.file
    BREAKS[how](path)
    if (reader.file, how) in SOUND:
        reader.read(folder)
        return
    with pytest.raises((FileFormatError, FileAccessError)) as caught:
        reader.read(folder)
    _one_line(caught.value, path)


def _one_line(error: DsimError, path: Path) -> None:
    text = str(error)
    assert str(path) in text
    assert "\n" not in text
    assert len(text) < 700, text
    assert ";" in text, f"no remedy in {text}"
    others = {INPUTS, CHOSEN, FRONT, DATABASE} - {path.name}
    assert not any(str(path.parent / other) in text for other in others), text


@pytest.mark.parametrize("reader", READERS, ids=str)
def test_what_is_sound_reads(reader: Reader, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    reader.make(folder)
    reader.read(folder)


WRONG: dict[str, Any] = {
    "cost": {"seconds": "long"},
    "chosen": {"arch": 1},
    "fastest": None,
    "notes": "a text",
    "published": [{"network": 1}],
    "not_identified": [1],
    "nearest_feasible_budget_ms": "2ms",
}


@pytest.mark.parametrize("key", WRONG)
def test_a_value_of_another_type_is_named(key: str, tmp_path: Path) -> None:
    make_study(tmp_path)
    path = tmp_path / CHOSEN
    path.write_text(json.dumps({**json.loads(path.read_text()), key: WRONG[key]}))
    with pytest.raises(FileFormatError, match=key) as caught:
        load_study(tmp_path)
    _one_line(caught.value, path)


@pytest.mark.parametrize("key", ["cost", "chosen", "front", "notes"])
def test_a_key_that_is_missing_is_named(key: str, tmp_path: Path) -> None:
    make_study(tmp_path)
    path = tmp_path / CHOSEN
    raw = json.loads(path.read_text())
    if key == "front":  # the front is in its own file
        path = tmp_path / FRONT
        path.unlink()
    else:
        del raw[key]
        path.write_text(json.dumps(raw))
    with pytest.raises((FileFormatError, FileAccessError), match=key) as caught:
        load_study(tmp_path)
    _one_line(caught.value, path)


def test_a_front_with_another_column_or_figure(tmp_path: Path) -> None:
    make_study(tmp_path)
    path = tmp_path / FRONT
    whole = pl.read_parquet(path)
    for frame in (whole.drop("top1"), whole.with_columns(top1=None), whole.with_columns(arch=pl.lit("{"))):
        frame.write_parquet(path)
        with pytest.raises(FileFormatError) as caught:
            load_study(tmp_path)
        _one_line(caught.value, path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("budget_ms", '"2ms"'), ("budget_ms", "-1"), ("trials", "1.5"), ("seed", "true"), ("device", "3")],
)
def test_inputs_of_another_type_are_named(key: str, value: str, tmp_path: Path) -> None:
    make_study(tmp_path)
    path = tmp_path / INPUTS
    lines = [
        f"{key} = {value}" if line.startswith(f"{key} =") else line for line in path.read_text().split("\n")
    ]
    path.write_text("\n".join(lines))
    with pytest.raises(FileFormatError, match=key.removesuffix("_ms")) as caught:
        load_study(tmp_path)
    _one_line(caught.value, path)


@pytest.mark.parametrize(
    ("key", "value"),
    [("points", [[9] * 12]), ("points", [[0, 0]]), ("fastest", [-1] * 12), ("choices", {"stem": "wood"})],
)
def test_a_mix_that_was_kept_lies_in_the_space(key: str, value: object, tmp_path: Path) -> None:
    go_on(tmp_path, trials=2)
    path = tmp_path / TRIALS
    head, first, *others = path.read_text().splitlines(keepends=True)
    mix = json.loads(first)
    (mix if key == "choices" else mix["swept"])[key] = value
    path.write_text("".join((head, json.dumps(mix) + "\n", *others)))
    with pytest.raises(FileFormatError, match="damaged") as caught:
        go_on(tmp_path)
    _one_line(caught.value, path)
