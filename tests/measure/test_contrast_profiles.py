"""Contrasts that were timed get into profiles that exist, and those that are left out are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w

from dsim.device.fields import read_toml
from dsim.device.find import find_profile
from dsim.device.load import load_profile
from dsim.errors import UnavailableError
from dsim.latency.methods.operators.blocks import timed_blocks
from dsim.measure.contrast import COPIES, PAIRS, VARIANTS, Shape
from dsim.measure.contrast_journal import Chain, Visit, append_visit
from dsim.measure.contrast_profiles import kept_contrasts
from dsim.measure.front import add_contrasts
from dsim.measure.journal import Head, open_journal
from dsim.measure.machine import Machine
from dsim.measure.measurement import ONLY, Begun, Request
from dsim.measure.records import Stack
from dsim.measure.run import Usable

STACKS = {"ort": Stack("ORT 1", "float32", "NCHW"), "ov": Stack("OV 1", "float32", "NCHW")}
HEAD = Head(Machine("chip", 2, (), "Linux"), STACKS, 1, 0)


@pytest.fixture
def begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begun:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    journal = open_journal(tmp_path / "_measured" / "box.contrasts.jsonl", HEAD)
    chains = tuple(
        Chain(variant, copies, tuple(range(40)), tuple(1.0 + copies * (2.0 + 0.1 * n) for _ in range(40)))
        for n, variant in enumerate(VARIANTS)
        for copies in COPIES
    )
    append_visit(journal, Visit(Shape(4, 8), 0, 0.1, dict.fromkeys(STACKS, chains), {}))
    request = Request(("ort", "ov"), "box", "", 1e-9, 0, 0, False, False, ONLY)
    return Begun(request, Usable((), STACKS, {}), journal, journal, None)


def make(root: Path, name: str, **about: str) -> Path:
    source = find_profile("m5-ane").folder  # small: its card is made in a moment
    folder = root / name
    folder.mkdir(parents=True)
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "profile.toml").write_text(
        tomli_w.dumps({**read_toml(source / "profile.toml"), "name": name, "pool": name, **about}),
        encoding="utf-8",
    )
    return folder


def test_profiles_get_their_contrasts_and_others_are_named(begun: Begun, tmp_path: Path) -> None:
    folder = make(tmp_path, "box-ort", chip="chip", runtime="ORT 1", precision="float32")
    made = add_contrasts(begun)
    found = made.to_dict()["box-ort"]
    assert [one["choice"] for one in found] == [pair.choice for pair in PAIRS]
    # VARIANTS: relu, gelu, silu, hardswish, layer, group; each a tenth of a millisecond dearer than the one before
    assert {one["choice"]: round(one["b_ms"] - one["a_ms"], 6) for one in found}["norm:batch>group"] == 0.5
    assert [line.partition(" in ")[0] for line in made.left_out] == ["box-ov: there is no such profile"]
    assert f"{len(PAIRS)} contrasts" in repr(made)
    assert len(timed_blocks(load_profile(folder))) == len(PAIRS)

    kept = kept_contrasts(folder, STACKS["ort"])
    assert kept is not None
    assert [row["choice"] for row in kept[0]] == [pair.choice for pair in PAIRS]
    assert set(kept[1]) == {key for row in kept[0] for key in (row["graph_a"], row["graph_b"])}
    assert kept_contrasts(folder, STACKS["ov"]) is None, "of another runtime"
    assert kept_contrasts(tmp_path / "none", STACKS["ort"]) is None


def test_a_backend_named_alone_fills_the_profile_that_it_made_beside_others(
    begun: Begun, tmp_path: Path
) -> None:
    make(tmp_path, "box-ort", chip="chip", runtime="ORT 1", precision="float32")
    alone = replace(
        begun, request=replace(begun.request, backends=("ort",)), found=Usable((), {"ort": STACKS["ort"]}, {})
    )
    assert [one.name for one in add_contrasts(alone).profiles] == ["box-ort"]
    make(tmp_path, "box", chip="chip", runtime="ORT 1", precision="float32")
    assert [one.name for one in add_contrasts(alone).profiles] == ["box"]


def test_a_profile_of_another_chip_or_runtime_gets_none(begun: Begun, tmp_path: Path) -> None:
    make(tmp_path, "box-ort", chip="chip", runtime="ORT 2", precision="float32")
    make(tmp_path, "box-ov", chip="other", runtime="OV 1", precision="float32")
    with pytest.raises(
        UnavailableError,
        match=r"box-ort: must be of chip, ORT 1, float32, got chip, ORT 2, float32; measure this one under another --name",
    ):
        add_contrasts(begun)
    assert not timed_blocks(load_profile(tmp_path / "box-ov"))


def test_what_was_never_timed_is_said(begun: Begun, tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "_measured" / "empty.contrasts.jsonl", HEAD)
    append_visit(journal, Visit(Shape(4, 8), 0, 0.1, {}, {"ort": "something else had the core"}))
    with pytest.raises(UnavailableError, match="something else had the core"):
        add_contrasts(replace(begun, journal=journal, contrasts=journal))
