"""The form of an activation, a norm, a softmax: what a module and a file write out in steps is read as what it is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from onnx import helper
from torch import Tensor, nn

from dsim.attrs import NoAttrs
from dsim.errors import InvalidValueError
from dsim.graph import (
    Graph,
    GraphBuilder,
    graph_from_dict,
    graph_to_dict,
    load_graphs,
    normal_hash,
    save_graphs,
)
from dsim.graph.forms import Form, form_of
from dsim.graph.onnx import read_onnx
from dsim.graph.torch_reader import read_module
from dsim.op import Op, OpKind, TensorSpec, Writing
from tests.graph.onnx_files import exported, handmade

SHAPE = (2, 3, 10)
Layer = Callable[[nn.Module, Tensor], Tensor]


class Written(nn.Module):
    """A linear layer, then a function that is written somehow."""

    def __init__(self, layer: Layer) -> None:
        super().__init__()
        self.layer = layer
        self.first = nn.Linear(10, 10)
        self.weight = nn.Parameter(torch.ones(10))
        self.bias = nn.Parameter(torch.zeros(10))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(self, self.first(x))


def tanh_gelu(_: nn.Module, x: Tensor) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * torch.pow(x, 3))))


def norm(m: nn.Module, x: Tensor) -> Tensor:
    mean = x.mean(-1, keepdim=True)
    variance = (x - mean).pow(2).mean(-1, keepdim=True)
    return m.weight * ((x - mean) / torch.sqrt(variance + 1e-6)) + m.bias


def norm_by_inverse(m: nn.Module, x: Tensor) -> Tensor:
    return (
        (x - x.mean(-1, keepdim=True))
        * torch.rsqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5)
        * m.weight
    )


def softmax(_: nn.Module, x: Tensor) -> Tensor:
    power = torch.exp(x - x.amax(-1, keepdim=True))
    return power / power.sum(-1, keepdim=True)


def shared_gate(_: nn.Module, x: Tensor) -> Tensor:
    gate = torch.sigmoid(x)
    return x * gate + gate  # somebody else reads the gate


ERF, TANH = Form("gelu", "erf", True), Form("gelu", "tanh", True)
LAYERS: dict[str, tuple[Layer, Form]] = {
    "gelu": (lambda _, x: F.gelu(x), Form("gelu", "erf")),
    "gelu tanh": (lambda _, x: F.gelu(x, approximate="tanh"), Form("gelu", "tanh")),
    "erf": (lambda _, x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2))), ERF),
    "erf in another order": (lambda _, x: (torch.erf(x * 0.7071067811865476) + 1) * x / 2, ERF),
    "tanh": (tanh_gelu, TANH),
    "quick": (lambda _, x: x * torch.sigmoid(1.702 * x), Form("quick_gelu", "", True)),
    "silu": (lambda _, x: torch.sigmoid(x) * x, Form("silu", "", True)),
    "silu by exp": (lambda _, x: x / (1 + torch.exp(-x)), Form("silu", "", True)),
    "hardswish": (lambda _, x: x * F.relu6(x + 3) / 6, Form("hardswish", "", True)),
    "hardsigmoid": (lambda _, x: F.relu6(x + 3) / 6, Form("hardsigmoid", "", True)),
    "norm": (norm, Form("layer_norm", "", True)),
    "norm by its inverse": (norm_by_inverse, Form("layer_norm", "", True)),
    "softmax": (softmax, Form("softmax", "", True)),
}
IN_STEPS = ("quick",)  # no kind of its own: its steps stay
# the exporter writes a softmax's maximum, and an inverse root, as onnx's own two steps; both are read
EXPORTED = ("erf", "tanh", "quick", "silu", "hardswish", "norm", "softmax")


def forms(graph: Graph) -> Counter[Form | None]:
    found = Counter(form_of(op) for op in graph.ops)
    del found[None]
    return found


@pytest.mark.parametrize("name", LAYERS)
def test_a_module_in_steps_is_read_as_what_it_computes(name: str) -> None:
    layer, form = LAYERS[name]
    graph = read_module(Written(layer), SHAPE)
    assert forms(graph) == {form: 1}
    assert len(graph.nodes) == (4 if name in IN_STEPS else 2)
    weights = {"norm": 20, "norm by its inverse": 10}.get(name, 0)
    assert graph.params == 10 * 10 + 10 + weights
    assert graph.macs == 2 * 3 * 10 * 10


@pytest.mark.parametrize("name", EXPORTED)
def test_a_file_in_steps_is_read_as_what_it_computes(name: str, tmp_path: Path) -> None:
    layer, form = LAYERS[name]
    module = Written(layer)
    graph = read_onnx(exported(module, SHAPE, tmp_path / "f.onnx"))
    assert forms(graph) == {form: 1}
    assert normal_hash(graph) == normal_hash(read_module(module, SHAPE))


@pytest.mark.parametrize(
    ("node", "form"),
    [
        (helper.make_node("Gelu", ["x"], ["y"], approximate="tanh"), Form("gelu", "tanh")),
        (helper.make_node("Gelu", ["x"], ["y"]), Form("gelu", "erf")),
        (helper.make_node("FastGelu", ["x"], ["y"], domain="com.microsoft"), Form("gelu", "tanh")),
        (helper.make_node("QuickGelu", ["x"], ["y"], domain="com.microsoft"), Form("quick_gelu")),
        (helper.make_node("QuickGelu", ["x"], ["y"], domain="com.microsoft", alpha=1.0), Form("silu")),
    ],
)
def test_one_op_of_a_file_names_its_formula(node: object, form: Form, tmp_path: Path) -> None:
    path = handmade(tmp_path / "f.onnx", [node], {"x": [1, 8]}, ["y"], opset=20, domains=("com.microsoft",))
    assert forms(read_onnx(path)) == {form: 1}


@pytest.mark.parametrize(
    "layer",
    [
        shared_gate,
        lambda _, x: x * torch.sigmoid(x.mean(-1, keepdim=True)),  # a gate of something else
        lambda _, x: x * torch.sigmoid(1.5 * x),
        lambda _, x: 0.5 * x * (1 + torch.tanh(x)),
    ],
)
def test_what_only_looks_alike_stays_in_steps(layer: Layer) -> None:
    graph = read_module(Written(layer), SHAPE)
    assert not forms(graph)
    assert len(graph.nodes) > 3


def test_rewrites_are_one_network_in_the_normal_form_and_two_by_their_hash() -> None:
    one, steps, by_tanh, quick = (
        read_module(Written(LAYERS[name][0]), SHAPE) for name in ("gelu", "erf", "tanh", "quick")
    )
    assert normal_hash(one) == normal_hash(steps) == normal_hash(by_tanh) != normal_hash(quick)
    assert len({graph.hash() for graph in (one, steps, by_tanh)}) == 3


def test_quick_gelu_in_one_op_is_not_silu() -> None:
    def network(writing: Writing | None) -> Graph:
        b = GraphBuilder()
        return b.build(b.add(OpKind.SILU, b.input((1, 8)), writing=writing))

    assert normal_hash(network(Writing.QUICK)) != normal_hash(network(None))
    assert normal_hash(network(Writing.CHAIN)) == normal_hash(network(None))


def test_forms_survive_files(tmp_path: Path) -> None:
    graphs = {name: read_module(Written(layer), SHAPE) for name, (layer, _) in LAYERS.items()}
    save_graphs(tmp_path / "g.parquet", graphs)
    assert load_graphs(tmp_path / "g.parquet") == graphs
    for graph in graphs.values():
        assert graph_from_dict(graph_to_dict(graph)) == graph


def test_a_summary_shows_the_forms_that_are_not_the_usual_one() -> None:
    shown = {name: str(read_module(Written(LAYERS[name][0]), SHAPE).summary()) for name in ("gelu", "tanh")}
    assert "gelu by tanh, written out" in shown["tanh"]
    assert "forms" not in shown["gelu"]


def test_a_writing_belongs_to_its_kinds() -> None:
    spec = (TensorSpec((1, 8)),)
    with pytest.raises(InvalidValueError, match="can be written as tanh, got relu"):
        Op(OpKind.RELU, NoAttrs(), spec, spec, None, Writing.TANH)
