"""The shortlist of one real device: who is on it, in which order, and with which figures."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner, Result

import dsim
from dsim.cli.main import dsim as command
from dsim.device import find_profile
from dsim.errors import InvalidValueError
from dsim.graph.memory import peak_memory_bytes
from dsim.graph.passes import run_passes
from dsim.latency import load_model
from dsim.latency.networks import read_graph, stored
from dsim.report.layout import table_lines
from dsim.report.shelf import export_command, rows_table
from dsim.shelf import ShelfLimits, Shortlist, shortlist
from dsim.shelf.checkpoints import checkpoints
from dsim.shelf.prices import UNPRICED, prices
from dsim.shelf.shortlist import _marked

DEVICE = "iphone12"


@pytest.fixture(scope="module")
def found() -> Shortlist:
    return shortlist(DEVICE, "2ms")


def run(*words: str) -> Result:
    return CliRunner().invoke(command, ["shortlist", "--device", DEVICE, *words])


def test_every_checkpoint_can_be_acted_on() -> None:
    every = checkpoints()
    assert len(every) > 900
    assert len({(one.name, one.px) for one in every}) == len(every)
    known = {(one.name, one.px): one for one in every}
    repvit = known["repvit_m1_0.dist_450e_in1k", 224]
    assert (repvit.licence, repvit.merge) == ("apache-2.0", True)
    assert repvit.load == 'timm.create_model("repvit_m1_0.dist_450e_in1k", pretrained=True)'
    assert repvit.trained.startswith("450 epochs, teacher convnet")
    assert not known["efficientformer_l1.snap_dist_in1k", 224].merge
    assert known["efficientformer_l1.snap_dist_in1k", 224].params == pytest.approx(12.29e6, rel=0.01)
    assert known["dla60_res2net.in1k", 224].licence == "unknown"  # timm's own word


def test_who_fits_is_on_it_and_the_most_accurate_comes_first(found: Shortlist) -> None:
    assert all(row.needs_ms <= 2.0 + 1e-9 and row.p_fits >= 0.9 - 1e-6 for row in found.rows)
    top1 = [row.top1 for row in found.rows]
    assert top1 == sorted(top1, reverse=True)
    figures = {row.network: row.latency_ms for row in found.rows if row.measured and row.px == 224}
    assert figures["efficientformer_l1"] == pytest.approx(
        1.4, abs=0.25
    )  # its paper: 1.6 ms; RepViT's: 1.4 ms
    assert len({row.network for row in found.top(5)}) == 5


def test_the_pareto_set_is_what_nobody_beats_in_both(found: Shortlist) -> None:
    every = {(row.top1, row.needs_ms) for row in found.rows}
    best = {
        one
        for one in every
        if not any(other != one and other[0] >= one[0] and other[1] <= one[1] for other in every)
    }
    marked = [(row.top1, row.needs_ms) for row in found.rows if row.pareto]
    assert sorted(marked) == sorted(best)
    assert _marked(()) == ()


def test_a_prediction_is_the_one_that_predict_gives() -> None:
    keys = {
        "resnet50@224",
        "regnetx_032@224",
        "convnext_atto@288",
        "deit_tiny_patch16_224@224",
        "levit_256@224",
    }
    known = prices(find_profile(DEVICE), {one.key for one in checkpoints()}, 2.0, 0.9)
    model, graphs = load_model(DEVICE), stored(keys)
    for key, graph in graphs.items():
        at, alone = known.keys.index(key), model.estimate(graph)
        assert (known.why_not[at] != UNPRICED) == alone.complete, key
        if alone.complete:
            assert known.questions[at] is alone.question
            np.testing.assert_allclose(
                [known.latency_ms[at], known.low_ms[at], known.high_ms[at], known.p_cliff[at]],
                [alone.latency_ms, alone.low_ms, alone.high_ms, alone.p_cliff],
                rtol=1e-9,
                err_msg=key,
            )


def test_limits_hold_together() -> None:
    few = dsim.shortlist(DEVICE, 2.0, params="6M", macs="1G", px=[224])
    assert few.rows
    assert all(row.params <= 6e6 and row.macs <= 1e9 and row.px == 224 for row in few.rows)
    frame = few.to_frame()
    assert frame.height == len(few.rows)
    assert frame["name"][0] == few.rows[0].name
    with pytest.raises(InvalidValueError, match="px must be positive"):
        ShelfLimits(px=(0,))


def test_a_list_on_which_nothing_stands_is_a_table_with_the_same_columns(found: Shortlist) -> None:
    none = dsim.shortlist(DEVICE, 0.001)
    assert not none.rows
    assert none.to_frame().schema == found.to_frame().schema


def test_the_command_says_what_the_library_says(found: Shortlist) -> None:
    done = run("--budget", "2ms", "--top", "3", "--json")
    told = json.loads(done.stdout)
    assert [row["name"] for row in told["rows"]] == [row.name for row in found.rows[:3]]
    assert told["fit"] == len(found.rows)
    several = run("--budget", "2ms,1ms", "--top", "2", "--details")
    assert several.exit_code == 0
    said = " ".join(several.output.split())  # whatever the width of the terminal
    assert said.index("fit 1 ms") < said.index("fit 2 ms")
    assert found.rows[0].load in said


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("--budget", "0.01ms"),
            3,
            "no published network fits 0.01 ms. The smallest budget that one fits is",
        ),
        (("--budget", "2"), 2, "needs a unit"),
        (("--budget", "2ms", "--params", "1K"), 3, "limits must leave at least one published network"),
        (("--budget", "2ms", "--params", "-1"), 2, "write 15M"),
        (("--budget", "2ms", "--memory", "24"), 2, "write 24MB"),
        (("--budget", "2ms", "--px", "223"), 1, "px must be sides that published networks take, got 223"),
        (("--budget", "2ms", "--px", "224,x"), 2, "write 224,256"),
        (("--budget", "2ms", "--device", "iphone99"), 1, "iphone99"),
    ],
)
def test_bad_input_ends_in_one_line(words: tuple[str, ...], code: int, said: str) -> None:
    done = run(*words)
    assert done.exit_code == code, done.output
    assert said in " ".join(done.output.split())


def test_a_list_of_long_names_stays_a_table_of_80_columns(found: Shortlist) -> None:
    longest = max((one.name for one in checkpoints()), key=len)
    data = rows_table([replace(found.rows[0], name=longest), *found.rows[1:3]], 80)
    assert data.columns[2] == "by"
    assert [row[2] for row in data.rows] == ["m", "m", "m"]
    assert data.note.startswith("By: m is measured there")
    lines = table_lines(data, 80)
    assert len(lines) == 5  # columns, a rule, and a line each
    assert max(map(len, lines)) <= 80


def test_the_command_to_go_on_with_asks_for_the_same_list(found: Shortlist) -> None:
    assert export_command(found) == "dsim shortlist --device iphone12 --budget 2ms --export shelf"
    limited = replace(
        found, budget_ms=1e9, confidence=0.8, limits=ShelfLimits(params=15e6, macs=2.5e9, px=(224, 256))
    )
    assert export_command(limited) == (
        "dsim shortlist --device iphone12 --budget 1000000000ms --params 15M --macs 2.5G --px 224,256 --confidence 0.8 "
        "--export shelf"
    )


def test_memory_and_size_are_limits_in_the_numbers_of_the_device() -> None:
    few = dsim.shortlist(DEVICE, 2.0, params="4M", macs="0.35G", px=[224])
    passes, keys = find_profile(DEVICE).passes, {row.network: f"{row.network}@224" for row in few.rows}
    # float16 there: two bytes a number
    takes = {name: peak_memory_bytes(run_passes(read_graph(key), passes), 2) for name, key in keys.items()}
    most = sorted(takes.values())[len(takes) // 2]
    less = dsim.shortlist(DEVICE, 2.0, params="4M", macs="0.35G", px=[224], memory=most, size="7MB")
    wanted = [row.name for row in few.rows if takes[row.network] <= most and row.params * 2 <= 7e6]
    assert [row.name for row in less.rows] == wanted
    assert 0 < len(wanted) < len(few.rows)
