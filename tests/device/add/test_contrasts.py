"""Contrasts are put into a profile that exists, and nothing else of it changes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dsim.device.add.contrasts import put_contrasts
from dsim.device.find import find_profile
from dsim.device.load import load_profile
from dsim.errors import FileFormatError
from dsim.graph.store import load_graphs
from dsim.measure.contrast import PAIRS, Shape
from dsim.measure.contrast_evidence import contrast_graphs, contrast_rows, plain_row
from dsim.measure.contrast_figures import BlockContrast

FOUND = tuple(BlockContrast(pair, Shape(4, 8), 1.0, 0.9, -0.125, 0.0625, 2, 80) for pair in PAIRS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = find_profile("pixel8-edgetpu").folder
    return Path(shutil.copytree(source, tmp_path / source.name))


def test_they_are_read_back(folder: Path) -> None:
    before = load_profile(folder)
    rows = contrast_rows(FOUND, before.reference_model, before.reference_protocol)
    for _ in range(2):  # again changes nothing
        put_contrasts(folder, rows, contrast_graphs(FOUND))
        after = load_profile(folder)
        assert [one.choice for one in after.contrasts] == [pair.choice for pair in PAIRS]
        assert {(one.low_ms, one.high_ms) for one in after.contrasts} == {(-0.125, 0.0625)}
        assert (after.networks, after.ops) == (before.networks, before.ops)
        keys = {key for one in after.contrasts for key in (one.graph_a, one.graph_b)}
        assert keys <= set(load_graphs(folder / "graphs.parquet"))
    assert [
        {k: v for k, v in plain_row(one).items() if k in ("choice", "low_ms")} for one in after.contrasts
    ] == [{k: v for k, v in row.items() if k in ("choice", "low_ms")} for row in rows]


@pytest.mark.parametrize(
    ("column", "value", "why"),
    [
        ("low_ms", "", "both"),
        ("low_ms", "2", "swap"),
        ("low_ms", "--1", "must be a number"),
        ("a_ms", "0", "positive"),
        ("model", "nobody", "must be one of"),
    ],
)
def test_what_breaks_a_rule_leaves_the_profile_as_it_was(
    folder: Path, column: str, value: str, why: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    profile = load_profile(folder)
    rows = [dict(row) for row in contrast_rows(FOUND, profile.reference_model, profile.reference_protocol)]
    rows[1][column] = value
    with pytest.raises(FileFormatError, match=why):
        put_contrasts(folder, rows, contrast_graphs(FOUND))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing is left beside it"
