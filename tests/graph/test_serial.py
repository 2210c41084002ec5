"""Graphs as JSON and as parquet: nothing is lost on the way, and nothing hostile gets in."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dsim.arch import PRESETS, Arch
from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.graph import Graph, graph_from_dict, graph_to_dict, load_graphs, save_graphs
from dsim.graph.passes import PASSES, run_passes
from dsim.graph.torch_reader import read_module
from tests.graph.modules import Attention, ClassToken
from tests.graph.test_graph import two_branches
from tests.strategies import archs


def plain(graph: Graph) -> Any:
    return json.loads(json.dumps(graph_to_dict(graph)))


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_survive_json(preset: str) -> None:
    graph = PRESETS[preset].to_graph()
    assert graph_from_dict(plain(graph)) == graph
    fused = run_passes(graph, PASSES)
    assert graph_from_dict(plain(fused)) == fused


@given(archs())
@settings(max_examples=30, deadline=None)
def test_designs_survive_json(arch: Arch) -> None:
    graph = arch.to_graph()
    assert graph_from_dict(plain(graph)) == graph


def test_read_modules_survive_json() -> None:
    for graph in (read_module(Attention(True), (1, 9, 16)), read_module(ClassToken(), (1, 3, 32, 32))):
        assert graph_from_dict(plain(graph)) == graph


def test_parquet_round_trip(tmp_path: Path) -> None:
    graphs = {name: PRESETS[name].to_graph() for name in ("poolformer_s12", "efficientformerv2_s0")}
    graphs["two@10"] = two_branches("stages.0")
    graphs["fused"] = run_passes(graphs["poolformer_s12"], PASSES)
    path = tmp_path / "graphs.parquet"
    save_graphs(path, graphs)
    assert load_graphs(path) == graphs
    assert load_graphs(path, ["two@10", "nobody"]) == {"two@10": graphs["two@10"]}
    assert path.stat().st_size < 40_000


def test_the_same_graphs_give_the_same_file(tmp_path: Path) -> None:
    one, two = {"a": two_branches(), "b": two_branches("x")}, {"b": two_branches("x"), "a": two_branches()}
    save_graphs(tmp_path / "one", one)
    save_graphs(tmp_path / "two", two)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def attempt(read: Callable[[], Any]) -> tuple[Any, str]:
    """What was read, or the message of the one error that may come."""
    try:
        return read(), ""
    except FileFormatError as error:
        return None, str(error)


HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 2, 3, 1.5, float("inf"), float("nan"), 2**31, 2**63, 2**64, 10**30, 10**6000, -(10**6000),
    "", "conv2d", "x" * 10_000, "relu", "unknown", [], [[]], [[[]]], {}, {"a": 1}, [1], [1, 1], [0, 0], [-1, 0], [0, -1],
    [10**30, 0], [1] * 1000, [2**20] * 10, [10**6000] * 50, [None, None], ["a", "b"], [True, True], {"kind": "relu"},
]  # fmt: skip


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    out = [at]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        out += paths(part, (*at, key))
    return out


def corrupted(raw: Any, path: tuple[Any, ...], how: str, value: Any) -> Any:
    """A copy with one place replaced, removed, doubled, or given one field too many."""
    if not path:
        return value
    out = copy.deepcopy(raw)
    owner = out
    for key in path[:-1]:
        owner = owner[key]
    last = path[-1]
    if how == "remove":
        del owner[last]
    elif how == "double" and isinstance(owner, list):
        owner.insert(last, copy.deepcopy(owner[last]))
    elif how == "extra" and isinstance(owner[last], dict):
        owner[last]["surplus"] = value
    else:
        owner[last] = value
    return out


FUSED = run_passes(two_branches("stages.0"), PASSES)
SEEDS = [plain(FUSED), plain(two_branches()), plain(read_module(Attention(True), (1, 9, 16)))]
PLACES = [(seed, path) for seed in SEEDS for path in paths(seed)]


@given(
    st.sampled_from(PLACES),
    st.sampled_from(("replace", "replace", "remove", "double", "extra")),
    st.sampled_from(HOSTILE),
)
@settings(max_examples=2500, deadline=None)
def test_corrupted_json_gives_a_valid_graph_or_one_short_error(place: Any, how: str, value: Any) -> None:
    raw = corrupted(*place, how, value)
    graph, message = attempt(lambda: graph_from_dict(raw, "net.json"))
    if graph is None:
        assert message.startswith("net.json")
        assert len(message) < 1500
        assert "\n" not in message
    else:
        # what is still a network survives another round trip, and its figures are numbers
        assert graph_from_dict(plain(graph)) == graph
        assert 0 <= graph.macs < 2**120
        assert 0 <= graph.params < 2**120


def test_every_place_refuses_what_is_of_another_type() -> None:
    raw = SEEDS[0]
    for path in paths(raw):
        for value in (None, 1.5, {"a": 1}, 10**6000, "x" * 1000):
            spot = raw
            for key in path:
                spot = spot[key]
            text_for_text = isinstance(spot, str) and isinstance(value, str) and path[-1] == "scope"
            if text_for_text:
                continue
            with pytest.raises(FileFormatError):
                graph_from_dict(corrupted(raw, path, "replace", value))


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "path", [(), ("inputs",), ("nodes",), ("nodes", 0), ("nodes", 1, "attrs", "kernel"), ("outputs",)]
)
def test_deep_nesting_is_refused(path: tuple[Any, ...]) -> None:
    with pytest.raises(FileFormatError):
        graph_from_dict(corrupted(SEEDS[1], path, "replace", nested(100_000)))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("schema_version",), 2, "must be an object with schema_version 1, got 2"),
        (("inputs", 0, 1), 10**9 * 10**9, "every size of a tensor"),
        (("inputs", 0), [2**14] * 3, "at most 32 axes and"),
        (("nodes", 1, "kind"), "conv3d", "kind must be one of"),
        (("nodes", 1, "inputs", 0, 1), -1, "node 1: an op reads tensors made before it"),
        (("nodes", 1, "inputs", 0, 0), 1, "node 1: an op reads tensors made before it"),
        (("nodes", 1, "attrs", "kernel"), [3], "ConvAttrs.kernel must be"),
        (("nodes", 1, "attrs", "kernel", 0), 2**40, "ConvAttrs.kernel must be"),
        (("nodes", 1, "attrs", "padding"), [-1, 0], "ConvAttrs.padding must be"),
        (("nodes", 0, "attrs", "sizes"), [2**40, 1], "must add up"),
        (("outputs", 0, 0), 99, "outputs"),
    ],
)
def test_messages_name_the_place_and_the_rule(path: tuple[Any, ...], value: Any, message: str) -> None:
    with pytest.raises(FileFormatError) as caught:
        graph_from_dict(corrupted(SEEDS[1], path, "replace", value), "net.json")
    assert message in str(caught.value)


def rows(tmp_path: Path) -> pl.DataFrame:
    save_graphs(tmp_path / "good", {"net": two_branches()})
    return pl.read_parquet(tmp_path / "good")


@pytest.mark.parametrize("column", ["kind", "inputs", "attrs", "activation"])
@pytest.mark.parametrize("row", range(5))
@pytest.mark.parametrize(
    "value",
    ["", "{", "[", "null", "[[9,0]]", "[[0,0]]", "[[-9,0]]", "[[1]]", "[[1,7]]", '{"a":1}', "[" * 20_000, "9" * 9_000, "[[1e400,0]]"],
)  # fmt: skip
def test_corrupted_parquet_gives_a_valid_graph_or_one_error(
    tmp_path: Path, column: str, row: int, value: str
) -> None:
    frame = rows(tmp_path).with_row_index("i")
    changed = frame.with_columns(
        pl.when(pl.col("i") == row).then(pl.lit(value)).otherwise(column).alias(column)
    )
    changed.drop("i").write_parquet(tmp_path / "bad")
    graphs, message = attempt(lambda: load_graphs(tmp_path / "bad"))
    if graphs is None:
        assert "graph net" in message
        assert len(message) < 1500
    else:
        assert all(isinstance(graph, Graph) for graph in graphs.values())


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="cannot be read"):
        load_graphs(tmp_path / "nowhere.parquet")
    (tmp_path / "text").write_text("hello, this is no parquet file")
    frame = rows(tmp_path)
    frame.drop("attrs").write_parquet(tmp_path / "column")
    frame.with_columns(pl.lit(None, dtype=pl.String).alias("scope")).write_parquet(tmp_path / "null")
    frame.with_columns(pl.lit(3).alias("scope")).write_parquet(tmp_path / "number")
    frame.with_columns(pl.lit(3).alias("key")).write_parquet(tmp_path / "key")
    for name in ("text", "column", "null", "number", "key"):
        with pytest.raises(FileFormatError, match=name):
            load_graphs(tmp_path / name)
    with pytest.raises(DsimError):
        load_graphs(tmp_path / "key", ["net"])
