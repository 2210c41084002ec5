"""Summaries: additive, equal to hand arithmetic, and blind to the form in which branches are written."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from dsim.accuracy.summary import COLUMNS, INDEX, summarise
from dsim.arch import PRESETS, Arch
from dsim.graph.torch_reader import read_module


def column(module: nn.Module, name: str, shape: tuple[int, ...] = (1, 3, 32, 32)) -> float:
    return float(summarise(read_module(module, shape))[INDEX[name]])


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_pieces_add_up_to_the_whole(name: str) -> None:
    arch: Arch = PRESETS[name]
    whole = summarise(arch.to_graph())
    parts = np.sum([summarise(piece.graph) for piece in arch.pieces()], axis=0)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_macs_and_params_of_a_preset_are_its_graphs(name: str) -> None:
    # the presets have branches that fuse only where a depthwise convolution stands in a residual; none loses work
    graph = PRESETS[name].to_graph()
    row = summarise(graph)
    assert row[INDEX["macs"]] == graph.macs
    assert row[INDEX["params"]] == graph.params


def test_work_is_sorted_by_kind() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),  # dense, 16 x 16
        nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False),  # depthwise
        nn.Conv2d(8, 8, 7, padding=3, groups=8, bias=False),  # large depthwise
        nn.Conv2d(8, 16, 1, bias=False),  # channel
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 1000, bias=False),  # classifier
    )
    positions = 16 * 16
    assert column(module, "macs_dense") == positions * 8 * 27
    assert column(module, "macs_dw_small") == positions * 8 * 9
    assert column(module, "macs_dw_large") == positions * 8 * 49
    assert column(module, "macs_channel") == positions * 8 * 16
    assert column(module, "macs_vector") == 16_000
    assert column(module, "classifier_params") == 16_000
    assert column(module, "input_positions") == 32 * 32
    assert column(module, "layers_strided") == 1
    # four layers at log2 side 4
    assert column(module, "layers_side") == pytest.approx(16.0)
    assert column(module, "layers_width") == pytest.approx(3 + 3 + 3 + 4)


class Branches(nn.Module):
    """RepVGG's training form of one 3x3 convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.big = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
        self.small = nn.Sequential(nn.Conv2d(8, 8, 1, bias=False), nn.BatchNorm2d(8))
        self.same = nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.big(x) + self.small(x) + self.same(x))


def test_branches_that_fuse_count_once() -> None:
    shape = (1, 8, 16, 16)
    assert column(Branches(), "macs", shape) == 16 * 16 * 8 * 8 * 9
    assert column(Branches(), "layers_dense", shape) == 1
    assert column(Branches(), "layers_channel", shape) == 0
    assert column(Branches(), "residuals", shape) == 0


class Bottleneck(nn.Module):
    """A residual with an activation inside: nothing fuses."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(8, 16, 1), nn.ReLU(), nn.Conv2d(16, 8, 3, padding=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x)


def test_a_true_residual_stays() -> None:
    shape = (1, 8, 16, 16)
    assert column(Bottleneck(), "residuals", shape) == 1
    assert column(Bottleneck(), "macs", shape) == 16 * 16 * (8 * 16 + 16 * 8 * 9)


def test_columns_are_unique() -> None:
    assert len(set(COLUMNS)) == len(COLUMNS)
