"""Every file that comes with dsim reads, and what is written again reads the same: studies, profiles, cards, graphs, designs."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from dsim.arch import PRESETS, Arch
from dsim.device.add import Addition, write_profile
from dsim.device.card import card_file, read_card, write_card
from dsim.device.fields import read_toml
from dsim.device.load import load_profile
from dsim.graph import load_graphs, save_graphs
from dsim.records import from_json, to_json, to_toml
from dsim.search.space import Space
from dsim.shift.files import RECORD, from_dict, load_comparison, tables, to_dict
from dsim.shift.measured import FILE as TIMED
from dsim.shift.measured import read_measured, write_measured
from lab.claims.chosen.rows import Pick as Chosen
from lab.claims.chosen.rows import Said
from lab.claims.device_shift import specs
from lab.claims.fashion.costs import PATH as COSTS
from lab.claims.fashion.costs import read_costs
from lab.claims.fashion.inputs import read_inputs as read_fashion
from lab.claims.fashion.rows import Estimate, Pick, Training
from lab.claims.planted_attention import Row
from lab.claims.reality.files import read_inputs, read_records, write_records
from lab.claims.reality.records import Learned, Own, Standing

ROOT = Path(__file__).resolve().parent.parent
STUDIES = ROOT / "studies"
PROFILES = sorted(path.parent for path in (ROOT / "device_profiles").glob("*/profile.toml"))
# one of each kind: a phone's networks, a phone GPU's operators, and networks, operators, contrasts and graphs timed here
SAMPLE = ("iphone12", "pixel4-gpu-tflite", "epyc-zen3-torch")
RECORDS = {
    "backtest/learned.parquet": Learned,
    "backtest/networks.parquet": Own,
    "backtest/claims.parquet": Standing,
    "reality-check/standings.parquet": Standing,
    "planted-attention/first-attempt.parquet": Row,
    "planted-attention/rows.parquet": Row,
    "fashion/trainings.parquet": Training,
    "fashion/picks.parquet": Pick,
    "fashion/estimates.parquet": Estimate,
    "chosen/picks.parquet": Chosen,
    "chosen/said.parquet": Said,
}


def test_every_study_is_among_those_tested() -> None:
    found = {path.relative_to(STUDIES).parts[0] for path in STUDIES.rglob("*") if path.is_file()}
    assert found == {
        "backtest",
        "chosen",
        "device-shift",
        "fashion",
        "paper-checks",
        "planted-attention",
        "reality-check",
        "timed-designs",
        "survival",  # tests/lab/validate/test_survival.py
    }


COMPARISONS = [
    pytest.param(path.parent, id=path.parent.name) for path in sorted(STUDIES.glob(f"*/*/{RECORD}"))
]


@pytest.mark.parametrize("folder", COMPARISONS)
def test_a_comparison_is_written_as_it_was_read(folder: Path) -> None:
    found = load_comparison(folder)
    written = to_json(to_dict(found))
    assert to_json(to_dict(from_dict(json.loads(written)))) == written
    raw = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    if folder.parent.name == "device-shift":
        assert raw == json.loads(written)
        assert found.inputs == json.loads(to_json(specs()[folder.name].inputs()))
    else:  # it was made before some fields were known: all that it holds is kept, and written again
        assert _within(raw, json.loads(written))
    for table, rows in tables(found).items():
        committed = pl.read_parquet(folder / f"{table}.parquet")
        again = pl.DataFrame(rows, infer_schema_length=None).select(committed.columns)
        assert_frame_equal(again, committed, check_exact=True)


def _within(old: Any, new: Any) -> bool:
    """Tell whether plain values hold all of older ones; objects may have got fields."""
    if isinstance(old, dict):
        return all(key in new and _within(value, new[key]) for key, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(_within, old, new))
    return bool(old == new)


@pytest.mark.parametrize(
    "name", sorted(str(path.parent.relative_to(STUDIES)) for path in STUDIES.rglob(TIMED))
)
def test_timed_designs_are_written_as_they_were_read(name: str, tmp_path: Path) -> None:
    source = STUDIES / name
    write_measured(tmp_path, read_measured(source))
    assert (tmp_path / TIMED).read_bytes() == (source / TIMED).read_bytes()


@pytest.mark.parametrize("name", RECORDS)
def test_claims_come_back_row_by_row(name: str, tmp_path: Path) -> None:
    kind: type[Any] = RECORDS[name]
    write_records(tmp_path / "again.parquet", read_records(STUDIES / name, kind), kind)
    assert_frame_equal(
        pl.read_parquet(tmp_path / "again.parquet"), pl.read_parquet(STUDIES / name), check_exact=True
    )


@pytest.mark.parametrize("name", ["backtest", "reality-check"])
def test_inputs_of_claims_come_back(name: str) -> None:
    inputs = read_inputs(STUDIES / name)
    assert from_json(type(inputs), to_json(inputs)) == inputs
    assert inputs.space == Space()


def test_inputs_of_the_experiment_come_back() -> None:
    inputs, costs = read_fashion(), read_costs()
    assert from_json(type(inputs), to_json(inputs)) == inputs
    assert to_toml(costs) == COSTS.read_text(encoding="utf-8")


@pytest.mark.parametrize("preset", PRESETS)
def test_designs_come_back(preset: str) -> None:
    assert Arch.from_json(PRESETS[preset].to_json()) == PRESETS[preset]


def test_every_card_is_written_as_it_was_read(tmp_path: Path) -> None:
    cards = 0
    for folder in PROFILES:
        for path in folder.glob("card*.toml"):
            number = path.stem.removeprefix("card").removeprefix("-batch")
            batch = int(number) if number else None
            card = read_card(folder, batch)
            assert card is not None
            write_card(tmp_path, card, batch)
            assert (tmp_path / card_file(batch)).read_bytes() == path.read_bytes(), path
            cards += 1
    assert cards >= len(PROFILES)


def _again(folder: Path, out: Path) -> None:
    """Read a profile, write all of it with dsim's own writer, and compare what that reads as."""
    profile = load_profile(folder)
    raw = read_toml(folder / "profile.toml")
    stored = folder / "graphs.parquet"
    graphs = load_graphs(stored) if stored.exists() else {}
    addition = Addition(
        profile.name,
        profile.title,
        None,
        profile.method,
        profile.donor,
        tuple(_texts(row) for row in profile.networks),
        profile.ops,
        {},
        profile.low_px,
        profile.high_px,
        raw,
        contrasts=tuple(_texts(row) for row in profile.contrasts),
    )
    written = write_profile(out, addition)
    assert replace(load_profile(written), folder=folder) == profile
    if graphs:
        save_graphs(out / "graphs.parquet", graphs)
        assert load_graphs(out / "graphs.parquet") == graphs
    shutil.rmtree(written)


def _texts(row: Any) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in asdict(row).items()}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_profile_is_written_as_it_was_read(name: str, tmp_path: Path) -> None:
    _again(ROOT / "device_profiles" / name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("folder", [one for one in PROFILES if one.name not in SAMPLE], ids=lambda p: p.name)
def test_every_profile_is_written_as_it_was_read(folder: Path, tmp_path: Path) -> None:
    _again(folder, tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(path, marks=() if path.name == "tv.parquet" else pytest.mark.slow)
        for path in sorted((ROOT / "dsim" / "data" / "graphs").glob("*.parquet"))
    ],
    ids=lambda path: path.name,
)
def test_stored_graphs_come_back(path: Path, tmp_path: Path) -> None:
    graphs = load_graphs(path)
    save_graphs(tmp_path / path.name, graphs)
    committed, again = pl.read_parquet(path), pl.read_parquet(tmp_path / path.name)
    assert_frame_equal(again, committed)
