"""MACs and parameters of small networks against torch's own counter; lab/validate/check_counts.py does it for large ones."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from dsim.graph.passes import run_passes
from dsim.graph.torch_reader import read_module
from tests.graph.modules import Attention, ClassToken, LayerScale, LinearNorm, Residual, SqueezeExcite
from tests.graph.oracle import labels, read_checked


class Sequence(nn.Module):
    """One-dimensional convolutions, grouped and dilated, and a product of activations."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(6, 12, 5, 2, 4, dilation=2, groups=3)
        self.head = nn.Linear(12, 7, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.conv(x)
        return torch.bmm(self.head(y.mT).mT, y.mT).softmax(-1)


class Computed(nn.Module):
    """A convolution and a linear layer whose weights the input makes."""

    def __init__(self) -> None:
        super().__init__()
        self.bank, self.route = nn.Parameter(torch.randn(4, 6 * 3 * 9)), nn.Linear(3, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = self.route(x.mean((2, 3))).sigmoid() @ self.bank
        y = F.conv2d(x, mixed.view(6, 3, 3, 3), padding=1)
        return F.linear(y, y[0, 0])


class Products(nn.Module):
    """Einsums that become no single product."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bij,bjk,bkl->bil", x, x, x)


class OneStep(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.LSTMCell(5, 7), nn.GRUCell(5, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x)[0] + self.two(x)


UNKINDED: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "transposed": (nn.ConvTranspose2d(3, 1, 2, stride=2), (1, 3, 2, 2)),
    "transposed, groups": (nn.ConvTranspose2d(8, 12, 4, 2, 1, groups=4, bias=False), (2, 8, 9, 7)),
    "transposed, output padding": (nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1), (1, 4, 5, 5)),
    "transposed 1-D": (nn.ConvTranspose1d(4, 6, 4, stride=2, dilation=2, groups=2), (2, 4, 20)),
    "transposed 3-D": (nn.ConvTranspose3d(4, 6, 3, stride=2), (1, 4, 3, 4, 5)),
    "3-D": (nn.Conv3d(4, 6, (1, 3, 2), stride=2, padding=1, groups=2), (2, 4, 8, 9, 10)),
    "no batch": (nn.Conv2d(3, 6, 3), (3, 9, 10)),
    "computed weights": (Computed(), (1, 3, 9, 9)),
    "three operands": (Products(), (2, 6, 6)),
    "cells": (OneStep(), (3, 5)),
}


@pytest.mark.parametrize("name", UNKINDED)
def test_layers_without_a_kind_are_counted(name: str) -> None:
    module, shape = UNKINDED[name]
    graph = read_checked(module, shape)
    assert graph.unknown
    assert graph.uncounted == ()


@pytest.mark.parametrize(
    ("module", "width"),
    [
        (nn.GRU(6, 8, batch_first=True), 8),
        (nn.LSTM(6, 8, 2, bidirectional=True, batch_first=True), 16),
        (nn.LSTM(6, 8, proj_size=5, batch_first=True), 5),
        (nn.RNN(6, 8, bias=False, batch_first=True), 8),
    ],
)
def test_recurrent_layers_take_their_matrices_at_every_step(module: nn.Module, width: int) -> None:
    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = module

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)[0]  # type: ignore[no-any-return]

    graph = read_module(First(), (3, 10, 6))
    matrices = sum(p.numel() for p in module.parameters() if p.ndim == 2)
    assert graph.macs == 3 * 10 * matrices
    assert graph.params == sum(p.numel() for p in module.parameters())
    assert graph.spec(graph.outputs[0]).shape == (3, 10, width)
    assert graph.uncounted == ()


def small() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
    )


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_a_network_trained_for_quantisation_reads_as_the_plain_one(fused: bool) -> None:
    from torch.ao.quantization import fuse_modules_qat, get_default_qat_qconfig, prepare_qat

    module = small().train()
    if fused:
        fuse_modules_qat(module, [["0", "1", "2"]], inplace=True)
    module.qconfig = get_default_qat_qconfig("x86")
    found, plain = read_module(prepare_qat(module), (1, 3, 16, 16)), read_module(small(), (1, 3, 16, 16))
    assert (found.macs, found.params) == (plain.macs, plain.params)
    runs = [run_passes(graph, ("fold_batch_norm", "fuse_activation")) for graph in (found, plain)]
    assert labels(runs[0]) == labels(runs[1])
    assert [op.activation for op in runs[0].ops] == [op.activation for op in runs[1].ops]


def test_what_no_rule_counts_is_named_and_no_zero() -> None:
    class Spectrum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Conv2d(3, 4, 1)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.softplus(torch.fft.rfft2(self.inner(x)).abs())

    graph = read_module(Spectrum(), (1, 3, 8, 8))
    assert graph.uncounted == ("fft_rfft2",)  # element-wise functions multiply no matrices
    assert graph.macs == 8 * 8 * 3 * 4
    assert [op.counted for op in graph.ops if op.label == "softplus"] == [True]


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (Residual(16), (2, 3, 32, 32)),
        (Attention(False), (3, 9, 16)),
        (SqueezeExcite(), (1, 8, 10, 10)),
        (ClassToken(), (1, 3, 32, 32)),
        (LayerScale(), (1, 6, 9, 9)),
        (LinearNorm(), (1, 9, 6)),
        (Sequence(), (1, 6, 20)),
    ],
)
def test_counts_are_those_of_torch(module: nn.Module, shape: tuple[int, ...]) -> None:
    assert read_checked(module, shape).unknown == ()
