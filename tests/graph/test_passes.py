"""Every pass on every preset and on small networks; then what each one does and does not remove."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from dsim.arch import PRESETS, Arch
from dsim.attrs import (
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NormAttrs,
    OrderAttrs,
    PadAttrs,
    PoolAttrs,
    ShapeAttrs,
    SliceAttrs,
    SplitAttrs,
)
from dsim.errors import UnknownNameError
from dsim.graph import Graph, GraphBuilder, Ref
from dsim.graph.passes import PASSES, FuseActivation, run_passes
from dsim.graph.torch_reader import read_module
from dsim.op import ACTIVATIONS, OpKind
from tests.graph.checker import check_pass
from tests.graph.modules import Attention, ClassToken, LayerScale, LinearNorm, Residual, SqueezeExcite
from tests.graph.oracle import labels
from tests.strategies import archs


class Scores(nn.Module):
    """Attention that returns its scores beside what they weigh."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        scores = (x @ x.transpose(-2, -1)).softmax(-1)
        return scores @ x, scores


MODULES = {
    "residual": (Residual, (1, 3, 16, 16)),
    "attention": (lambda: Attention(fused=True), (1, 9, 16)),
    "squeeze": (SqueezeExcite, (1, 8, 4, 4)),
    "class token": (ClassToken, (1, 3, 32, 32)),
    "linear norm": (LinearNorm, (1, 7, 6)),
    "layer scale": (LayerScale, (1, 6, 8, 8)),
    "probabilities": (lambda: nn.Sequential(nn.Linear(6, 4), nn.Softmax(-1)), (1, 6)),
    "scores returned": (Scores, (1, 4, 8)),
    "norms in a row": (
        lambda: nn.Sequential(
            nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4), nn.BatchNorm2d(4), nn.ReLU(), nn.ReLU()
        ),
        (1, 3, 8, 8),
    ),
}


@cache
def preset_graph(name: str) -> Graph:
    return PRESETS[name].to_graph()


@cache
def module_graph(name: str) -> Graph:
    make, shape = MODULES[name]
    return read_module(make(), shape)


@pytest.mark.parametrize("pass_name", PASSES)
@pytest.mark.parametrize("preset", PRESETS)
def test_every_pass_keeps_its_promises_on_every_preset(pass_name: str, preset: str) -> None:
    check_pass(PASSES[pass_name], preset_graph(preset))


@pytest.mark.parametrize("pass_name", PASSES)
@pytest.mark.parametrize("module", MODULES)
def test_every_pass_keeps_its_promises_on_small_networks(pass_name: str, module: str) -> None:
    check_pass(PASSES[pass_name], module_graph(module))


@given(archs())
@settings(max_examples=50, deadline=None)
def test_passes_one_after_another_on_any_design(arch: Arch) -> None:
    graph = arch.to_graph()
    for pass_ in PASSES.values():
        graph = check_pass(pass_, graph)


@pytest.mark.parametrize("preset", PRESETS)
def test_conv_and_linear_leave_no_batch_norm_behind(preset: str) -> None:
    graph = run_passes(preset_graph(preset), PASSES)
    for node in graph.nodes:
        if node.op.kind is OpKind.BATCH_NORM:
            producer = graph.nodes[node.inputs[0].node].op
            assert (
                producer.kind not in (OpKind.CONV2D, OpKind.LINEAR)
                or len(graph.consumers[node.inputs[0]]) > 1
            )


def test_the_residual_network_as_a_runtime_sees_it() -> None:
    graph = run_passes(module_graph("residual"), PASSES)
    assert labels(graph) == ["conv2d", "conv2d", "conv2d", "add", "global_pool", "reshape", "linear"]
    assert [op.activation for op in graph.ops][:4] == [OpKind.RELU, OpKind.RELU, None, OpKind.RELU]


def test_attention_keeps_the_softmax_of_scores_that_are_returned() -> None:
    graph = run_passes(module_graph("scores returned"), ["fuse_attention"])
    assert OpKind.SOFTMAX in [op.kind for op in graph.ops]


def test_norms_in_a_row_fold_at_once() -> None:
    assert labels(run_passes(module_graph("norms in a row"), ["fold_batch_norm"])) == [
        "conv2d",
        "relu",
        "relu",
    ]


def test_batch_norm_behind_a_view_of_a_linear_layer_folds() -> None:
    graph = run_passes(module_graph("linear norm"), ["fold_batch_norm"])
    assert labels(graph) == ["linear", "reshape", "reshape"]
    assert graph.params == 6 * 10 + 10


class Viewed(nn.Module):
    """A layer, a view, a batch norm."""

    def __init__(self, layer: nn.Module, view, channels: int) -> None:
        super().__init__()
        self.layer, self.view = layer, view
        # a norm over one channel would fit any axis of size 1: give them statistics that differ
        self.bn = nn.BatchNorm1d(channels)
        self.bn.running_mean.copy_(torch.arange(channels) / 3.0)
        self.bn.running_var.copy_(torch.arange(channels) + 0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn(self.view(self.layer(x)))


def folds_numerically(module: Viewed, shape: tuple[int, ...]) -> bool:
    """Whether scaling the layer's weights per output channel gives what the batch norm gave."""
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    module.eval()
    bn, layer = module.bn, module.layer
    scale = (bn.weight / (bn.running_var + bn.eps).sqrt()).detach()
    if len(scale) != layer.weight.shape[0]:
        return False
    with torch.no_grad():
        wanted = module(x)
        layer.weight.mul_(scale.reshape(-1, *[1] * (layer.weight.dim() - 1)))
        layer.bias.mul_(scale).add_(bn.bias - bn.running_mean * scale)
        return torch.allclose(module.view(layer(x)), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("layer", "view", "channels", "shape", "folds"),
    [
        (nn.Linear(6, 4), lambda y: y.flatten(0, 1), 4, (2, 3, 6), True),
        (nn.Linear(6, 4), lambda y: y.transpose(1, 2), 4, (2, 3, 6), True),
        (nn.Linear(6, 4), lambda y: y.transpose(1, 2).reshape(2, 4, 3, 1).flatten(2), 4, (2, 3, 6), True),
        (nn.Linear(6, 4), lambda y: y, 3, (2, 3, 6), False),  # over the tokens
        (nn.Linear(6, 4), lambda y: y, 4, (2, 4, 6), False),  # over as many tokens as there are channels
        (nn.Linear(6, 4), lambda y: y.reshape(6, 2, 2), 2, (2, 3, 6), False),  # the channels are cut
        (nn.Linear(6, 4), lambda y: y.reshape(2, 4, 3), 4, (2, 3, 6), False),  # mixed, though the sizes agree
        (nn.Linear(6, 4), lambda y: y.transpose(0, 1).flatten(0, 1), 4, (2, 3, 6), True),
        (nn.Conv2d(3, 4, 1), lambda y: y.flatten(2), 4, (2, 3, 5, 5), True),
        (nn.Conv2d(3, 4, 1), lambda y: y.flatten(1), 100, (2, 3, 5, 5), False),
        (nn.Conv2d(3, 4, 1), lambda y: y.flatten(2).transpose(1, 2).flatten(0, 1), 4, (2, 3, 5, 5), True),
        (nn.Conv2d(3, 4, 1), lambda y: y.flatten(2).transpose(1, 2), 25, (2, 3, 5, 5), False),
    ],
)
def test_batch_norm_folds_through_views_exactly_where_arithmetic_allows(
    layer: nn.Module, view, channels: int, shape: tuple[int, ...], folds: bool
) -> None:
    module = Viewed(layer, view, channels)
    graph = check_pass(PASSES["fold_batch_norm"], read_module(module, shape))
    assert ("batch_norm" not in labels(graph)) is folds
    assert folds_numerically(module, shape) is folds


def _chain(*steps: tuple, shape: tuple[int, ...] = (1, 4, 8, 8)) -> Graph:  # type: ignore[type-arg]
    b = GraphBuilder()
    x = b.input(shape)
    for kind, attrs in steps:
        x = b.add(kind, x, attrs=attrs)
    return b.build(x)


CONV = (OpKind.CONV2D, ConvAttrs(4, (1, 1), bias=False))
NORM = (OpKind.BATCH_NORM, NormAttrs())
RELU = (OpKind.RELU, None)
SCALE = (OpKind.MUL, ConstantAttrs((4, 1, 1), 4))


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("fold_batch_norm", [RELU, NORM]),  # no weights before it
        ("fold_batch_norm", [CONV, RELU, NORM]),
        ("fold_batch_norm", [NORM]),  # the network's own input
        ("fold_layer_scale", [(OpKind.AVG_POOL, PoolAttrs((3, 3), (1, 1), (1, 1))), SCALE]),
        ("fold_layer_scale", [CONV, (OpKind.MUL, ConstantAttrs((1, 8, 8), 64))]),  # a scale per place
        ("fold_layer_scale", [CONV, (OpKind.MUL, ConstantAttrs((4, 1, 1), 0))]),  # nobody learned it
        ("fold_layer_scale", [CONV, RELU, SCALE]),
        ("fold_layer_scale", [(OpKind.LINEAR, LinearAttrs(8)), SCALE]),  # channels are on the last axis
        ("fold_layer_scale", [(OpKind.BATCH_NORM, NormAttrs(affine=False)), SCALE]),
        ("fuse_activation", [(OpKind.MAX_POOL, PoolAttrs((2, 2), (2, 2))), RELU]),
        ("fuse_activation", [RELU]),
        ("drop_identities", [(OpKind.TRANSPOSE, OrderAttrs((0, 1, 3, 2)))]),  # square, yet turned
        ("drop_identities", [(OpKind.AVG_POOL, PoolAttrs((3, 3), (1, 1), (1, 1)))]),
        ("drop_identities", [(OpKind.SLICE, SliceAttrs(1, 0, 2))]),
    ],
)
def test_what_a_pass_must_leave(name: str, steps: list) -> None:  # type: ignore[type-arg]
    graph = _chain(*steps)
    assert check_pass(PASSES[name], graph) == graph


def _shared(*steps: tuple) -> Graph:  # type: ignore[type-arg]
    """The first op's result is a result of the network as well."""
    b = GraphBuilder()
    x = first = b.add(steps[0][0], b.input((1, 4, 8, 8)), attrs=steps[0][1])
    for kind, attrs in steps[1:]:
        x = b.add(kind, x, attrs=attrs)
    return b.build(x, first)


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("fold_batch_norm", (CONV, NORM)),
        ("fold_layer_scale", (CONV, SCALE)),
        ("fuse_activation", (CONV, RELU)),
    ],
)
def test_what_others_read_too_is_left(name: str, steps: tuple) -> None:  # type: ignore[type-arg]
    graph = _shared(*steps)
    assert check_pass(PASSES[name], graph) == graph
    assert len(check_pass(PASSES[name], _chain(*steps)).nodes) == 1


@pytest.mark.parametrize(
    "steps",
    [
        [CONV, SCALE],
        [CONV, (OpKind.MUL, ConstantAttrs((1, 4, 1, 1), 4))],
        [CONV, (OpKind.MUL, ConstantAttrs((), 1))],
        [CONV, SCALE, SCALE],
        [NORM, SCALE],
        [(OpKind.GROUP_NORM, NormAttrs()), SCALE],
        [(OpKind.LAYER_NORM, NormAttrs()), (OpKind.MUL, ConstantAttrs((8,), 8))],
        [(OpKind.LINEAR, LinearAttrs(8)), (OpKind.MUL, ConstantAttrs((8,), 8))],
    ],
)
def test_layer_scale_folds_into_weights(steps: list) -> None:  # type: ignore[type-arg]
    assert len(check_pass(PASSES["fold_layer_scale"], _chain(*steps)).nodes) == 1


IDENTITIES = [
    (OpKind.RESHAPE, ShapeAttrs((1, 4, 8, 8))),
    (OpKind.TRANSPOSE, OrderAttrs((0, 1, 2, 3))),
    (OpKind.PAD, PadAttrs(((0, 0),) * 4)),
    (OpKind.SLICE, SliceAttrs(1, 0, 4)),
    (OpKind.SPLIT, SplitAttrs(1, (4,))),
    (OpKind.CONCAT, AxisAttrs(1)),
    (OpKind.UPSAMPLE, ShapeAttrs((1, 4, 8, 8), "nearest")),
    (OpKind.MAX_POOL, PoolAttrs((1, 1), (1, 1))),
]


@pytest.mark.parametrize("step", IDENTITIES, ids=lambda step: str(step[0]))
def test_identities_are_dropped(step: tuple) -> None:  # type: ignore[type-arg]
    graph = check_pass(PASSES["drop_identities"], _chain(CONV, step, step, RELU))
    assert labels(graph) == ["conv2d", "relu"]
    # a network that is nothing else gives its input
    assert check_pass(PASSES["drop_identities"], _chain(step)).outputs == (Ref(-1),)


@pytest.mark.parametrize("kind", sorted(ACTIVATIONS))
def test_activations_fuse_into_what_the_device_allows(kind: OpKind) -> None:
    graph = _chain(CONV, (kind, None), NORM, (kind, None))
    assert labels(check_pass(FuseActivation(), graph)) == ["conv2d", "batch_norm"]
    only_conv = FuseActivation(into=frozenset({OpKind.CONV2D}))
    assert labels(check_pass(only_conv, graph)) == ["conv2d", "batch_norm", str(kind)]
    others = FuseActivation(kinds=ACTIVATIONS - {kind})
    assert check_pass(others, graph) == graph


def test_unknown_pass_names_the_choices() -> None:
    with pytest.raises(
        UnknownNameError, match=r"unknown pass 'fold_batchnorm'; known: .*closest: fold_batch_norm"
    ):
        run_passes(preset_graph("efficientformer_l1"), ["fold_batchnorm"])


def test_passes_are_named_as_they_are_listed() -> None:
    assert {name: pass_.name for name, pass_ in PASSES.items()} == {name: name for name in PASSES}
    assert Counter(kind for pass_ in PASSES.values() for kind in pass_.removes).most_common(1)[0][1] == 1
