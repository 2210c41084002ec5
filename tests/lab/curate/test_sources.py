import hashlib
from collections import Counter
from pathlib import Path

import pytest

from dsim.errors import FileAccessError, FileFormatError
from lab.curate.changes import files_of
from lab.curate.sources import RawFile, check_raw, owners, raw_files
from lab.curate.steps import STEPS
from lab.places import ROOT


def test_every_committed_file_has_one_owner_and_every_pattern_owns_a_file() -> None:
    used: Counter[str] = Counter()
    for path in files_of(ROOT):
        owner = next((one for one in owners() if one.owns(path)), None)
        assert owner is not None, f"{path}: say in lab/curate/sources.toml who makes it"
        assert owner.by in STEPS or owner.why or " " in owner.by
        used[owner.by] += 1
    assert {one.by for one in owners()} == set(used)
    assert set(STEPS) <= set(used)


def test_every_raw_file_is_read_by_a_step_or_was_read_by_a_person() -> None:
    for one in raw_files():
        assert set(one.read_by) <= set(STEPS)
        assert len(one.sha256) == 64
        assert all((one.source, one.licence, one.what))


def raw(content: bytes) -> tuple[RawFile, ...]:
    return (RawFile("a.csv", hashlib.sha256(content).hexdigest(), "a row", "a paper", "MIT", ("ane",)),)


def test_raw_files_are_refused_where_missing_or_changed_and_only_those_that_are_read(tmp_path: Path) -> None:
    files = raw(b"as it was")
    with pytest.raises(FileAccessError, match=r"folder with a\.csv"):
        check_raw(tmp_path, ("ane",), files)
    check_raw(tmp_path, ("iphones",), files)
    (tmp_path / "a.csv").write_bytes(b"as it was")
    check_raw(tmp_path, ("ane",), files)
    (tmp_path / "a.csv").write_bytes(b"as it is")
    with pytest.raises(FileFormatError, match=hashlib.sha256(b"as it is").hexdigest()):
        check_raw(tmp_path, ("ane",), files)
