"""The results of a Core ML bundle, from a Mac that is made up to a profile that prices networks."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dsim.arch import get_preset
from dsim.attrs import NoAttrs
from dsim.cli.main import dsim
from dsim.device import find_profile
from dsim.device.add import read_measurements
from dsim.device.add.mac_results import LEAST_MS
from dsim.device.add.slopes import Slope, slope_of, solve
from dsim.device.placements import read_placements
from dsim.errors import FileFormatError, InvalidValueError
from dsim.latency import load_model
from dsim.op import Op, OpKind, TensorSpec
from tests.export.designs import thin
from tests.measure.coreml.fakes import Script, network_ms, pretend, true_ms, unconverted

DESIGNS = [thin(get_preset(name)) for name in ("efficientformer_l1", "poolformer_s12")]
Lines = list[dict[str, Any]]


def results(folder: Path, script: Script, *words: str) -> Lines:
    """Run the script on a Mac made up."""
    bundle = unconverted(folder / "bundle", DESIGNS)
    spec = importlib.util.spec_from_file_location("run_on_mac_here", bundle / "run_on_mac.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch:
        pretend(patch, script)
        # hundreds of lines in a large process: what these two promise is not at stake
        patch.setattr(module.os, "fsync", lambda number: None)
        patch.setattr(module.gc, "collect", lambda: 0)
        assert module.main(["--out", str(folder / "results.jsonl"), *words]) == 0
    return [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Lines:
    return results(tmp_path_factory.mktemp("mac"), Script())


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "results.jsonl"

    def write(self, lines: Lines) -> Path:
        self.path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        return self.path

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(dsim, list(words))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path / "cache"))
    load_model.cache_clear()
    yield Place(tmp_path)
    load_model.cache_clear()


def test_from_a_mac_to_a_price(place: Place, lines: Lines) -> None:
    added = place.run("device", "add", str(place.write(lines)), "--name", "my-mac", "--json")
    assert added.exit_code == 0, added.output
    told = json.loads(added.stdout)
    assert (told["method"], told["networks"], told["like"]) == ("operators", 2, "")
    profile = find_profile("my-mac")
    assert (profile.compute_unit.split(";")[0], profile.precision, profile.group) == (
        "Neural Engine",
        "float16",
        "user",
    )
    assert profile.runtime == "Core ML, system 14.5"
    assert {row.how for row in profile.ops} == {"slope"}
    for row in profile.ops:  # a made-up clock, read back through slopes and sums
        assert row.latency_ms == pytest.approx(max(true_ms(row.op), LEAST_MS), rel=0.05, abs=4e-4), (
            row.op.label
        )
    for arch, measured in zip(DESIGNS, profile.networks, strict=True):
        assert measured.latency_ms == pytest.approx(network_ms(arch), rel=1e-3)
        assert (measured.cliff, measured.layers_other) == ("", 0)
        path = place.folder / "arch.json"
        path.write_text(arch.to_json())
        answer = place.run("predict", str(path), "--device", "my-mac", "--json")
        assert answer.exit_code == 0, answer.output
        price = json.loads(answer.stdout)["latency_ms"]
        assert price == pytest.approx(network_ms(arch), rel=0.15)
    shown = place.run("device", "show", "my-mac")
    assert shown.exit_code == 0, shown.output


def test_attributions_are_kept_and_never_learned_from(place: Place, lines: Lines) -> None:
    assert place.run("device", "add", str(place.write(lines)), "--name", "my-mac").exit_code == 0
    kept = tomllib.loads((place.folder / "profiles" / "my-mac" / "measured.toml").read_text())
    parts = kept["attributed"]["ms"]
    designs = [row for row in lines if row.get("kind") == "design"]
    assert set(parts) == {row["id"] for row in designs}
    for row in designs:
        assert sum(parts[row["id"]].values()) == pytest.approx(float(np.median(row["samples_ms"])), rel=0.01)
    assert "attribution" in kept["attributed"]["what"]
    assert not any(op.how == "attributed" for op in find_profile("my-mac").ops)
    # doubling every cost that Core ML estimates changes nothing that is learned from
    other = [
        {**row, "plan": [[op, unit, cost / 2] for op, unit, cost in row["plan"]]} if "plan" in row else row
        for row in lines
    ]
    again = read_measurements([place.write(other)])
    assert again.ops == read_measurements([place.write(lines)]).ops


def test_chains_that_left_the_neural_engine_are_named(place: Place, tmp_path: Path) -> None:
    away = results(tmp_path, Script(elsewhere=frozenset({"softmax"})))
    shown = place.run("device", "add", str(place.write(away)), "--name", "my-mac", "--json")
    assert shown.exit_code == 0, shown.output
    notes = json.loads(shown.stdout)["notes"]
    (note,) = (note for note in notes if "left the Neural Engine" in note)
    assert "softmax-" in note
    assert "(cpu)" in note
    assert "1 of" in note
    profile = find_profile("my-mac")
    assert OpKind.SOFTMAX not in {row.op.kind for row in profile.ops}
    former = next(row for row in profile.networks if row.layers_other)
    assert former.layers_npu
    # asked of all units, nothing was to stay on the engine
    everywhere = [{**away[0], "compute_units": "all"}, *away[1:]]
    found = read_measurements([place.write(everywhere)])
    samples = {row["id"]: row["samples_ms"] for row in everywhere[1:] if "samples_ms" in row}
    for network in found.networks:
        tail = {"p95_ms": float(np.quantile(samples[network.reference], 0.95))}
        assert network.beside == (pytest.approx(tail) if len(samples[network.reference]) >= 20 else {})
    assert not any("Neural Engine" in note for note in found.notes)
    assert OpKind.SOFTMAX in {row.op.kind for row in found.ops}


@pytest.mark.slow
def test_where_whole_designs_were_put_moves_the_chance_of_a_fall_for_designs_with_the_same_operators(
    place: Place, lines: Lines
) -> None:
    def chances(rows: Lines, name: str) -> tuple[float, ...]:
        done = place.run("device", "add", str(place.write(rows)), "--name", name, "--json")
        assert done.exit_code == 0, done.output
        notes.extend(json.loads(done.stdout)["notes"])
        model = load_model(name)
        phi = np.array([model.featurise(arch.to_graph()) for arch in DESIGNS])
        return tuple(model.p_cliff(phi))

    def away(row: dict[str, Any]) -> dict[str, Any]:
        """Put a design's softmax on the CPU, with half of Core ML's estimated cost."""
        if row.get("kind") != "design" or not any("softmax" in op for op, _, _ in row["plan"]):
            return row
        plan = [
            [op, "cpu", 0.5] if "softmax" in op else [op, unit, cost / 2] for op, unit, cost in row["plan"]
        ]
        return {**row, "plan": plan}

    notes: list[str] = []
    stayed = chances(lines, "all-stayed")
    assert stayed[0] == stayed[1]
    assert 0.0 < stayed[0] < 0.0474  # less than where nothing is known: a logit of -3
    fell = chances([away(row) for row in lines], "one-fell")
    assert fell[0] > 1.5 * fell[1] > 1.5 * stayed[1]  # EfficientFormer has a softmax, PoolFormer none
    assert any("2 whole networks" in note and note.endswith("elsewhere: softmax") for note in notes)
    kept = read_placements(place.folder / "profiles" / "one-fell")
    assert {(one.op, one.on_accelerator) for one in kept if one.elsewhere} == {(OpKind.SOFTMAX, 0)}
    # what Core ML calls a cost moves no price
    arch = DESIGNS[1].to_graph()
    assert load_model("one-fell").estimate(arch).latency_ms == pytest.approx(
        load_model("all-stayed").estimate(arch).latency_ms, rel=0.1
    )


def test_a_cut_last_line_is_left_out_and_said(place: Place, lines: Lines) -> None:
    whole = place.write(lines)
    text = whole.read_text()
    whole.write_text(text[: text.rstrip("\n").rfind("\n") + 50])
    found = read_measurements([whole])
    assert any("its last line was cut off" in note for note in found.notes)
    assert found.ops


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"samples_ms": []}, "samples_ms must be a list of positive numbers"),
        ({"samples_ms": [1.0, -2.0]}, "samples_ms must be"),
        ({"samples_ms": [1.0, float("nan")]}, "samples_ms must be"),
        ({"samples_ms": "fast"}, "samples_ms must be"),
        ({"kind": "network"}, "kind must be chain, design or probe"),
        ({"copies": 0}, "copies must be a whole number"),
        ({"copies": 1.5}, "copies must be a whole number"),
        ({"unit": []}, "unit must be a list of ops"),
        ({"unit": [{"op": "conv9", "attrs": {}, "inputs": []}]}, "conv9"),
        ({"op": {"op": "relu"}}, "an op must have the field attrs, inputs, got none"),
        ({"op": {"op": "relu", "attrs": {}, "inputs": [[1, -3]]}}, "every size of a tensor"),
        ({"plan": [["conv", "neural_engine"]]}, "an op of a plan is"),
        ({"plan": [["conv", "neural_engine", 7]]}, "an op of a plan is"),
        ({"id": 3}, "id must be a text"),
    ],
)
def test_damage_names_its_line(change: dict[str, Any], message: str, place: Place, lines: Lines) -> None:
    path = place.write([*lines[:4], {**lines[4], **change}, *lines[5:8]])
    with pytest.raises(FileFormatError, match="line 5: ") as caught:
        read_measurements([path])
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_files_that_are_none(place: Place, lines: Lines) -> None:
    place.write([{"hello": 1}])
    with pytest.raises(FileFormatError, match="line 1 is not its"):
        read_measurements([place.path])
    for head in ({"dsim_mac_results": 2}, {**lines[0], "passes": ["x"]}, {**lines[0], "device": "mine"}):
        with pytest.raises(FileFormatError, match="line 1: "):
            read_measurements([place.write([head])])
    with pytest.raises(FileFormatError, match="compute_units must be one of"):
        read_measurements([place.write([{**lines[0], "compute_units": "some"}])])
    place.path.write_text(place.path.read_text() + "[[[[\n{}\n")
    with pytest.raises(FileFormatError, match="line 2: "):
        read_measurements([place.path])
    other = place.folder / "other.jsonl"
    other.write_text(json.dumps({**lines[0], "device": {**lines[0]["device"], "os_version": "17"}}) + "\n")
    with pytest.raises(InvalidValueError, match="one device and stack"):
        read_measurements([place.write(lines[:1]), other])


def test_too_little_writes_nothing(place: Place, lines: Lines) -> None:
    for kept in (lines[:1], lines[:5]):
        done = place.run("device", "add", str(place.write(kept)), "--name", "my-mac")
        assert done.exit_code == 1
        assert len(done.output.strip().splitlines()) == 1
    assert not (place.folder / "profiles" / "my-mac").exists()


def test_without_a_plan_nothing_says_where_a_chain_ran(place: Place, lines: Lines) -> None:
    bare = [{key: value for key, value in row.items() if key != "plan"} for row in lines]
    found = read_measurements([place.write(bare)])
    assert not found.ops
    assert any("Core ML gave no plan" in note for note in found.notes)
    failed = [lines[0], {"id": "x", "kind": "chain", "error": "Failed to load model"}]
    assert any("1 packages failed: x (Failed" in n for n in read_measurements([place.write(failed)]).notes)


def test_a_slope_is_that_of_least_squares() -> None:
    copies, ms = [4, 8, 16, 32], [1.1, 1.52, 2.27, 3.93]
    (slope, _), covariance = np.polyfit(copies, ms, 1, cov=True)
    found = slope_of(copies, ms, [5e-3] * 4)
    assert found.ms == pytest.approx(slope)
    assert found.error_ms == pytest.approx(covariance[0, 0] ** 0.5, rel=1e-6)
    # a free start: what every prediction costs beside its copies does not matter
    assert slope_of(copies, [one + 5 for one in ms], [5e-3] * 4).ms == pytest.approx(found.ms, rel=1e-2)
    noisy = slope_of([4, 8], [1.0, 2.0], [0.1, 0.1])
    assert noisy.error_ms == pytest.approx((0.1**2 + 0.1**2) ** 0.5 / 4)


def test_what_chains_do_not_tell_apart_has_no_figure() -> None:
    shape = (TensorSpec((1, 8)),)
    a, b, c = (Op(kind, NoAttrs(), shape, shape) for kind in (OpKind.RELU, OpKind.GELU, OpKind.SILU))
    found = solve([Slope(1.0, 0.1), Slope(5.0, 0.3)], [{a: 1}, {a: 2, b: 1, c: 1}])
    assert set(found) == {a}
    found = solve([Slope(1.0, 0.1), Slope(5.0, 0.3)], [{a: 1}, {a: 2, b: 1}])
    assert found[b].ms == pytest.approx(3.0)
    assert found[b].error_ms == pytest.approx((0.3**2 + (2 * 0.1) ** 2) ** 0.5)
    assert solve([], []) == {}
