"""The lookup table: a row for each piece, sums that are what dsim predicts, or off by what the table says."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import dsim
from dsim.arch import Activation, Arch, Mixer, Norm, Stem, get_preset
from dsim.arch.block_rows import COLUMNS, part_of, row_of
from dsim.cli.main import dsim as command
from dsim.errors import InvalidValueError
from dsim.latency.additive import additive
from dsim.latency.records import LatencyArrays
from dsim.search import Space
from dsim.search.price_table import CHECKS, PriceTable, price_table
from dsim.search.random_designs import random_design
from dsim.search.space_pieces import parts_of

SPACE = Space(
    stems=(Stem.TWO_CONVS, Stem.CONV7),
    mixers=((Mixer.POOLING,), (Mixer.POOLING,), (Mixer.POOLING, Mixer.FFN), (Mixer.POOLING,)),
    activations=(Activation.GELU,),
    norms=(Norm.BATCH,),
    widths=((48,), (96,), (192, 224), (384, 448)),
    depths=((2, 3), (2,), (2, 3, 4), (1, 4)),
    attention_blocks=((0, 1, 2), (0, 1, 3)),
    mlp_ratios=((4.0,), (4.0,), (3.0, 4.0), (4.0,)),
)


def drawn(space: Space, count: int, seed: int = 7) -> list[Arch]:
    rng = random.Random(seed)
    return [random_design(rng, space) for _ in range(count)]


@pytest.fixture(scope="module")
def table() -> PriceTable:
    return price_table("iphone12", SPACE)


def test_every_piece_of_every_design_has_a_row_and_rows_are_of_pieces() -> None:
    parts = parts_of(SPACE)
    assert len(set(parts)) == len(parts)
    assert {part for arch in drawn(SPACE, 200) for _, part in arch.parts()} == set(parts)
    assert [part_of(row_of(part, 224), 1000) for part in parts] == list(parts)


@pytest.mark.slow
def test_the_usual_space_is_covered_too() -> None:
    parts = set(parts_of(Space()))
    assert {part for arch in drawn(Space(), 2000) for _, part in arch.parts()} <= parts


class Linear:
    """A model that takes 2 ms, and 3 and 5 ms for a unit of each entry."""

    def price(self, phi: np.ndarray) -> LatencyArrays:
        ms = 2.0 + phi @ np.array([3.0, 5.0])
        return LatencyArrays(ms, ms, ms, ms)

    @property
    def pricing(self) -> Linear:
        return self

    def shares(self, vectors: np.ndarray) -> np.ndarray:
        own = vectors @ np.array([3.0, 5.0])
        return np.asarray(own / (own.sum() + 2.0))


def test_prices_of_a_sum_are_its_own() -> None:
    found = additive(Linear(), np.array([[1.0, 0.5], [4.0, 20.0]]))  # type: ignore[arg-type]
    assert found.weights == pytest.approx([3.0, 5.0])
    assert found.constant_ms == pytest.approx(2.0)
    assert found.ms(np.array([[10.0, 0.0]])) == pytest.approx([30.0])


def test_sums_are_off_what_is_predicted_by_what_the_table_says(table: PriceTable) -> None:
    designs = drawn(SPACE, 8)
    off = [abs(table.latency_ms(one) / dsim.predict(one, "iphone12").latency_ms - 1) for one in designs]
    assert max(off) <= 1.5 * table.worst_off
    assert np.median(off) <= 3 * table.median_off
    assert 0 < table.median_off < table.worst_off < 0.03
    assert not table.exact
    said = " ".join(table.says())
    assert f"{table.worst_off:.2%}, over {CHECKS:,} random designs" in said


def test_what_a_row_says(table: PriceTable) -> None:
    """The rows of one block, worked out by hand: EfficientFormer-L1's last attention block at 7 x 7."""
    (row,) = [
        one for one in table.rows
        if (one.kind, one.width, one.form, one.stage) == ("attention", 448, "map>tokens", 4)
    ]  # fmt: skip
    assert (row.part, row.map, row.mlp_ratio, row.activation, row.norm) == ("block", 7, 4.0, "gelu", "layer")
    assert row.evidence == "attributed"  # it stands in EfficientFormer-L1, which was timed
    assert 0 < row.latency_ms < 0.5  # of the 1.4 ms of the whole network
    assert [one.part for one in table.rows].count("constant") == 1
    assert table.to_frame().columns == list(COLUMNS)
    assert table.to_frame().height == len(table.rows)


def test_a_design_that_the_table_does_not_hold_is_refused(table: PriceTable) -> None:
    with pytest.raises(InvalidValueError, match=r"has none of its stem; make the table of a space"):
        table.latency_ms(get_preset("efficientformer_l3"))
    with pytest.raises(InvalidValueError, match="1000 class scores, got 10"):
        table.latency_ms(Arch(drawn(SPACE, 1)[0].stages, num_classes=10))


def test_the_command_writes_what_the_library_returns(table: PriceTable, tmp_path: Path) -> None:
    from dsim.search.space_file import space_toml

    (tmp_path / "space.toml").write_text(space_toml(SPACE))
    words = ("--device", "iphone12", "--space", str(tmp_path / "space.toml"), "-o", str(tmp_path / "lut.csv"))
    done = CliRunner().invoke(command, ["table", *words])
    assert done.exit_code == 0, done.output
    text = (tmp_path / "lut.csv").read_text()
    assert text == table.to_csv()
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert sum(float(row["latency_ms"]) for row in rows) == pytest.approx(
        sum(row.latency_ms for row in table.rows), rel=1e-6
    )
    assert "# device: iphone12\n# resolution: 224\n# classes: 1000\n" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--device", "iphone99", "-o", "a.csv"), "unknown device"),
        (("--device", "iphone12", "--space", "no.toml", "-o", "a.csv"), "no such file"),
        (("--device", "iphone12", "-o", "file/a.csv"), "must be a folder, and is a file"),
    ],
)
def test_bad_input_ends_in_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    done = CliRunner().invoke(command, ["table", *words])
    assert done.exit_code != 0
    assert said in done.output
