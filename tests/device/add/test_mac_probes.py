"""Probes of a bundle as contrasts: slopes and their differences are worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dsim.device.add.mac_lines import Timed, TimedProbe
from dsim.device.add.mac_probes import probe_contrasts
from dsim.device.add.mac_results import read_mac_results
from dsim.measure.contrast import PLAIN, Shape, block_graph
from dsim.measure.coreml.bundle import probe_job
from dsim.measure.coreml.probes import probes
from tests.measure.coreml.fakes import HEAD

ON_ENGINE = (("conv", "neural_engine", 1.0),)


def timed(
    norm: str,
    activation: str,
    copies: int,
    ms: float,
    plan: tuple[tuple[str, str, float | None], ...] | None = ON_ENGINE,
) -> TimedProbe:
    graph = block_graph(PLAIN, Shape(7, 16))
    name = f"block-{norm}-{activation}-7x7x16"
    return TimedProbe(
        Timed("made", f"{name}-x{copies}", ms, 0.001, plan),
        f"{name}@7",
        graph,
        norm,
        activation,
        "7x7x16",
        copies,
    )


def both(norm: str, activation: str, start: float, block: float) -> list[TimedProbe]:
    return [timed(norm, activation, copies, start + copies * block) for copies in (1, 4)]


def test_blocks_that_differ_in_one_thing_are_a_contrast() -> None:
    made = [
        *both("batch", "relu", 0.1, 0.2),
        *both("batch", "gelu", 0.1, 0.3),
        *both("layer", "relu", 0.15, 0.5),
    ]
    rows, graphs, notes = probe_contrasts(made, "coreml-chains", "a Mac", neural=True)
    assert [row["choice"] for row in rows] == ["activation:relu>gelu", "norm:batch>layer"]
    assert [(float(row["a_ms"]), float(row["b_ms"])) for row in rows] == [(0.2, 0.3), (0.2, 0.5)]
    # a slope over 1 and 4 copies has an error of sqrt(2) / 3 of one figure's, here 0.001 or a thousandth of it; two slopes differ
    off = 1.645 * (2 * 2 / 9) ** 0.5 * 0.001
    assert float(rows[0]["high_ms"]) - float(rows[0]["low_ms"]) == pytest.approx(2 * off, rel=0.15)
    assert set(graphs) == {row[side] for row in rows for side in ("graph_a", "graph_b")}
    assert notes == ()


def test_a_block_that_left_the_engine_is_no_contrast_but_evidence_of_a_fall() -> None:
    plan = (("conv", "neural_engine", 0.9), ("norm", "cpu", 0.1))
    away = [timed("layer", "relu", copies, 0.5 * copies, plan) for copies in (1, 4)]
    rows, _, notes = probe_contrasts([*both("batch", "relu", 0.1, 0.2), *away], "p", "s", neural=True)
    assert rows == ()
    assert (
        "left the Neural Engine for cpu: evidence that a network with layer norm and relu may fall there"
        in notes[0]
    )
    assert len(probe_contrasts([*both("batch", "relu", 0.1, 0.2), *away], "p", "s", neural=False)[0]) == 1
    once = [timed("batch", "silu", 1, 0.3)]
    assert "one number of copies" in probe_contrasts(once, "p", "s", neural=True)[2][0]
    lost = [timed("batch", "silu", copies, 0.3, None) for copies in (1, 4)]
    assert "gave no plan" in probe_contrasts(lost, "p", "s", neural=True)[2][0]


def test_the_bundle_asks_for_what_no_published_pair_tells() -> None:
    asked = {(one.shape.size, str(one.variant.norm), str(one.variant.activation)) for one in probes()}
    norms = {(side, norm, "relu") for side in (7, 14, 28) for norm in ("batch", "layer", "group")}
    activations = {
        (side, "batch", name) for side in (7, 14) for name in ("relu", "gelu", "silu", "hardswish")
    }
    assert asked == norms | activations
    assert len(probes()) == 2 * len(asked)


def test_what_the_bundle_says_of_a_probe_is_read_back(tmp_path: Path) -> None:
    head = {
        **HEAD, "dsim_mac_results": 1, "bundle": "b", "compute_units": "cpuAndNeuralEngine", "mac": "M9", "macos": "15.0",
        "coremltools": "9.0", "device": {"name": "m", "type": "mac", "os_version": "15.0"},
    }  # fmt: skip
    small = [one for one in probes() if one.shape.size == 7]
    lines = [head] + [
        {**probe_job(one).entry(), "samples_ms": [0.1 + one.copies * 0.2] * 3, "plan": [["conv", "neural_engine", 1.0]]}
        for one in small
    ]  # fmt: skip
    found = read_mac_results(tmp_path / "r.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    # six pairs of four activations, and three of three norms
    assert len(found.contrasts) == 9
    assert all(float(row["a_ms"]) == pytest.approx(0.2) for row in found.contrasts)
    assert found.blocks[small[0].block].macs == small[0].graph(1).macs
