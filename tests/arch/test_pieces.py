"""Pieces: what adds up over kernels may be worked out piece by piece."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings

from dsim.arch import PRESETS, Arch, Downsample, Mixer, Stage, get_preset
from dsim.graph import Graph
from dsim.graph.passes import PASSES, run_passes
from dsim.op import Op
from tests.strategies import archs

FULL = tuple(PASSES)


def _kernels(graph: Graph, passes: tuple[str, ...]) -> Counter[Op]:
    return Counter(run_passes(graph, passes).ops)


def _of_pieces(arch: Arch, passes: tuple[str, ...]) -> Counter[Op]:
    return sum((_kernels(piece.graph, passes) for piece in arch.pieces()), Counter[Op]())


@pytest.mark.parametrize("name", PRESETS)
def test_kernels_of_a_preset_are_those_of_its_pieces(name: str) -> None:
    arch = get_preset(name)
    assert _kernels(arch.to_graph(), FULL) == _of_pieces(arch, FULL)


@settings(max_examples=60, deadline=None)
@given(archs())
def test_kernels_are_those_of_the_pieces_whatever_passes_run(arch: Arch) -> None:
    whole = arch.to_graph()
    for passes in ((), FULL, FULL[::-1], *((name,) for name in FULL)):
        assert _kernels(whole, passes) == _of_pieces(arch, passes)


@settings(max_examples=100, deadline=None)
@given(archs(), archs())
def test_equal_keys_have_equal_graphs(a: Arch, b: Arch) -> None:
    graphs: dict[object, str] = {}
    for piece in itertools.chain(a.pieces(), b.pieces()):
        assert graphs.setdefault(piece.key, piece.graph.hash()) == piece.graph.hash()


@settings(max_examples=60, deadline=None)
@given(archs())
def test_pieces_follow_each_other(arch: Arch) -> None:
    pieces = arch.pieces()
    for left, right in itertools.pairwise(pieces):
        (out,) = left.graph.outputs
        assert left.graph.spec(out) == right.graph.inputs[0]
    scopes = [piece.scope for piece in pieces]
    assert scopes[0] == "stem"
    assert scopes[-1] == "head"
    assert scopes == list(dict.fromkeys(node.scope for node in arch.to_graph().nodes))


def test_depth_repeats_pieces() -> None:
    keys = Counter(piece.key for piece in get_preset("efficientformer_l7").pieces())
    # six, six and eighteen equal pooling blocks; of eight attention blocks the first alone flattens the map
    assert sorted(count for count in keys.values() if count > 1) == [6, 6, 7, 18]


def test_3d_blocks_in_stage_3_give_a_map_back() -> None:
    stages = list(get_preset("efficientformer_l1").stages)
    stages[2] = Stage.of(224, 3, Mixer.POOLING, downsample=Downsample.CONV_NORM, attention_blocks=2)
    arch = Arch(tuple(stages))
    by_scope = {piece.scope: piece.graph for piece in arch.pieces()}
    first, last = by_scope["stages.2.blocks.1"], by_scope["stages.2.blocks.2"]
    assert first.inputs[0].shape == (1, 224, 14, 14)
    assert last.inputs[0].shape == (1, 196, 224)
    assert last.spec(last.outputs[0]).shape == (1, 224, 14, 14)


def test_v2_attention_is_strided_in_stage_3_only() -> None:
    graph = get_preset("efficientformerv2_s0").to_graph()
    upsampled = {node.scope for node in graph.nodes if node.op.kind == "upsample"}
    assert upsampled == {"stages.2.blocks.4", "stages.2.blocks.5"}
