"""A lookup table comes back as operators: its sums are what the new profile predicts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import dsim
from dsim.device.add import read_measurements
from dsim.errors import DsimError
from dsim.latency import load_model
from dsim.search.price_table import PriceTable, price_table
from tests.search.test_price_table import SPACE, drawn

HEAD = "part,stage,width,width_before,kind,mlp_ratio,activation,norm,map,form,latency_ms,evidence"
BLOCK = "block,1,48,,conv3,4.0,gelu,batch,56,,0.125,measured"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    load_model.cache_clear()
    yield tmp_path
    load_model.cache_clear()


def written(folder: Path, *rows: str, head: str = HEAD, about: str = "# device: iphone12") -> Path:
    path = folder / "lut.csv"
    path.write_text("\n".join(("# dsim lookup table 1", about, head, *rows)) + "\n")
    return path


def test_rows_and_remarks_are_read_also_from_a_spreadsheet(tmp_path: Path) -> None:
    path = written(tmp_path, "constant,,,,,,,,,,0.5,", BLOCK, about="# device: iphone12\n# classes: 10")
    (table,) = read_measurements([path]).tables
    assert (table.device, table.classes, table.constant_ms, table.priced) == ("iphone12", 10, 0.5, 0)
    assert [one.latency_ms for one in table.blocks] == [0.125]
    path.write_text(
        path.read_text()
        .replace(",", ";")
        .replace("0.", "0,")
        .replace("# device: iphone12", '"# device: iphone12";;;')
    )
    (again,) = read_measurements([path]).tables
    assert (again.device, again.constant_ms, again.blocks[0].latency_ms) == ("iphone12", 0.5, 0.125)


WRONG = {
    "no price": ((BLOCK.replace("0.125", ""),), "row 4, column 'latency_ms': must be a positive number, got ''"),
    "a negative price": ((BLOCK.replace("0.125", "-1"),), "must be a positive number, got '-1'"),
    "a mixer of no design": ((BLOCK.replace("conv3", "conv9"),), "row 4: is of no block that a design can have: 'conv9'"),
    "a width that is none": ((BLOCK.replace("48", "x"),), "column 'width' must be a whole number, got 'x'"),
    "a part of no design": ((BLOCK.replace("block", "blob"),), "got 'blob'; correct it"),
    "no row": ((), "a lookup table must hold at least one block"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_in_one_line(name: str, home: Path) -> None:
    rows, said = WRONG[name]
    with pytest.raises(DsimError) as error:
        dsim.add_device(written(home, *rows), "mine")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert not (home / "profiles" / "mine").exists()


@pytest.mark.slow
def test_a_handful_of_blocks_is_no_profile(home: Path) -> None:
    with pytest.raises(DsimError, match="needs at least 8 different ones"):
        dsim.add_device(written(home, BLOCK), "mine")


def test_a_table_must_say_what_it_was_written_for(home: Path) -> None:
    with pytest.raises(DsimError, match="'# device: iphone12'; add it, or name a bundled profile"):
        dsim.add_device(written(home, BLOCK, about="# nothing"), "mine")
    with pytest.raises(DsimError, match="unknown device 'iphone99'"):
        dsim.add_device(written(home, BLOCK, about="# device: iphone99"), "mine")


def doubled(table: PriceTable, path: Path) -> Path:
    """Write a table as of a phone on which every block takes twice as long, and all were timed."""
    lines = []
    for line in table.to_csv().splitlines():
        cells = line.split(",")
        if len(cells) == 12 and cells[-2].replace(".", "").replace("e-", "").isdecimal():
            factor = 1.0 if cells[0] == "constant" else 2.0
            cells[-2:] = repr(factor * float(cells[-2])), "measured"
        lines.append(",".join(cells))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.mark.slow
def test_sums_of_the_table_are_what_the_profile_of_it_predicts(home: Path) -> None:
    table = price_table("iphone12", SPACE)
    table.write(home / "lut.csv")
    added = dsim.add_device(home / "lut.csv", "same")
    assert added.method == "operators"
    dsim.add_device(doubled(table, home / "twice.csv"), "twice")
    same, twice = dsim.load_profile("same"), dsim.load_profile("twice")
    assert same.fixed_ms == pytest.approx(table.constant_ms)
    assert "a model's and not measurements" in same.rough
    assert not twice.rough
    for name, factor in (("same", 1.0), ("twice", 2.0)):
        off = []
        for design in drawn(SPACE, 12):
            blocks_ms = table.latency_ms(design) - table.constant_ms
            answer = load_model(name).estimate(design.to_graph())
            assert answer.complete
            off.append(answer.latency_ms / (factor * blocks_ms + table.constant_ms) - 1)
        assert np.median(np.abs(off)) < 0.03
        assert np.max(np.abs(off)) < 0.1
    # the new profile's model is a sum, and its own table says so
    again = price_table("twice", SPACE)
    assert again.exact
    for design in drawn(SPACE, 12, seed=3):
        predicted = load_model("twice").estimate(design.to_graph()).latency_ms
        assert again.latency_ms(design) == pytest.approx(predicted, rel=1e-8)
