"""A grouped convolution of a kind that a profile's evidence does not hold: the estimate says that it is a guess."""

from __future__ import annotations

import pytest

from dsim.attrs import ConvAttrs
from dsim.device import find_profile
from dsim.graph import Graph, GraphBuilder, load_graphs
from dsim.latency.facts import GRAPHS
from dsim.latency.grouped import _stored, grouped, grouped_notes
from dsim.network.price import price
from dsim.op import OpKind


def network(kernel: int, groups: int, channels: int = 64) -> Graph:
    b = GraphBuilder()
    x = b.input((1, 3, 64, 64))
    x = b.add(OpKind.CONV2D, x, attrs=ConvAttrs(channels, (3, 3), (2, 2), (1, 1)))
    pad = (kernel // 2, kernel // 2)
    return b.build(
        b.add(OpKind.CONV2D, x, attrs=ConvAttrs(channels, (kernel, kernel), (1, 1), pad, groups=groups))
    )


# RegNetX and ResNeXt ran on this phone: 3x3 convolutions in groups, and no 1x1 ones
PHONE = "pixel4-cpu-1large-float"


@pytest.mark.parametrize(
    ("kernel", "groups", "guess"),
    [
        (1, 4, True),  # ShuffleNet's
        (3, 4, False),  # 16 channels a group, as ResNeXt has
        (3, 64, False),  # depthwise
        (3, 1, False),  # dense
        (5, 4, True),
        (3, 32, True),  # two channels a group: fewer than in any network that ran there
    ],
)
def test_a_kind_that_no_network_held_is_a_guess(kernel: int, groups: int, guess: bool) -> None:
    notes = grouped_notes(find_profile(PHONE), network(kernel, groups))
    assert bool(notes) is guess
    for note in notes:
        assert (
            f"{kernel}x{kernel} convolutions in groups (such as {groups} groups of {64 // groups} channels"
            in note
        )
        assert "the estimate is a guess" in note


def test_the_note_names_the_share_of_the_multiplications() -> None:
    (note,) = grouped_notes(find_profile(PHONE), network(1, 4))
    stem, grouped_macs = 32 * 32 * 64 * 27, 32 * 32 * 64 * 16
    assert f"{grouped_macs / (stem + grouped_macs):.0%} of the MACs" in note


def test_a_profile_without_networks_knows_its_operators() -> None:
    profile = find_profile("epyc-zen3-litert")  # times operators too
    assert any(grouped(row.op) for row in profile.ops)


def test_predict_says_it() -> None:
    assert any(
        "the estimate is a guess" in note for note in price(network(1, 4), "pixel8-edgetpu").estimate.notes
    )
    assert not any(
        "the estimate is a guess" in note for note in price(network(3, 1), "pixel8-edgetpu").estimate.notes
    )


def test_what_is_read_from_a_file_is_what_its_graphs_hold() -> None:
    path = GRAPHS / "cv.parquet"
    found = _stored(path)
    for key in ("cv-regnetx002@224", "cv-resnext14_32x4d@224", "cv-mobilenet_w1@224"):
        graph = load_graphs(path, (key,))[key]
        assert found.get(key, frozenset()) == {one for op in graph.ops if (one := grouped(op))}
