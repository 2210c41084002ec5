"""Measured ops: what a broken file says."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from dsim.device import load_profile
from dsim.errors import FileFormatError
from dsim.op import OpKind
from dsim.places import bundled_profiles_dir


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled_profiles_dir() / "m5-ane", tmp_path / "m5-ane"))


def test_ops_are_read_with_shapes_and_attributes(folder: Path) -> None:
    frame = pl.read_parquet(folder / "ops.parquet")
    profile = load_profile(folder)
    assert len(profile.ops) == frame.height
    assert not profile.networks
    convs = [row.op for row in profile.ops if row.op.kind is OpKind.CONV2D]
    # same padding: a stride of 1 keeps the side, so MACs are pixels x channels in x channels out x window
    op = next(o for o in convs if o.inputs[0].shape == (1, 512, 32, 32))
    assert op.macs == 32 * 32 * 512 * 512 * 9


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("op", "warp", "row 1: does not describe an op"),
        ("attrs", "{", "row 1: does not describe an op"),
        ("attrs", '{"colour": 3}', "row 1: does not describe an op"),
        ("inputs", "[[0]]", "row 1: does not describe an op"),
        ("inputs", '"x"', "row 1: does not describe an op"),
        ("latency_ms", -1.0, "must be a positive number"),
        ("latency_ms", float("nan"), "must be a positive number"),
        ("count", 0, "must be at least 1"),
        ("how", "guessed", "must be one of in situ"),
        ("source", "", "must not be empty"),
    ],
)
def test_a_broken_row_is_named(folder: Path, column: str, value: object, rule: str) -> None:
    path = folder / "ops.parquet"
    frame = pl.read_parquet(path)
    first = pl.int_range(frame.height) == 0
    changed = pl.when(first).then(pl.lit(value, dtype=frame.schema[column])).otherwise(pl.col(column))
    frame.with_columns(changed.alias(column)).write_parquet(path)
    with pytest.raises(FileFormatError, match=r"ops\.parquet") as error:
        load_profile(folder)
    assert rule in str(error.value)


def test_a_missing_column_and_a_file_that_is_no_parquet(folder: Path) -> None:
    path = folder / "ops.parquet"
    pl.read_parquet(path).drop("how").write_parquet(path)
    with pytest.raises(FileFormatError, match="column 'how' is missing"):
        load_profile(folder)
    path.write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(FileFormatError, match="must be a parquet file"):
        load_profile(folder)
