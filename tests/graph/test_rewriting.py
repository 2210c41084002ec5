"""An ONNX file written anew: forms of functions both ways, and merged branches, against ONNX's own reference in numpy."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from torch import nn

from dsim.graph.forms import ERF, TANH, Form
from dsim.graph.onnx.rewriting import can_write, merge_file_branches, read_source, understand, write_form
from dsim.graph.onnx.rewriting.forms import opset_of
from tests.graph.onnx_files import exported

SHAPE = (1, 4, 6, 6)
GELU_ERF, GELU_TANH = Form("gelu", ERF), Form("gelu", TANH)
STEPS = {
    form: Form(form.function, form.formula, True)
    for form in (GELU_ERF, GELU_TANH, Form("layer_norm"), Form("softmax"))
}


class Mlp(nn.Module):
    def __init__(self, approximate: str) -> None:
        super().__init__()
        self.norm, self.plain = nn.LayerNorm(8, eps=0.01), nn.LayerNorm(8, elementwise_affine=False)
        self.act = nn.GELU(approximate=approximate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.act(self.norm(x)) + self.plain(x), -1)


class Branches(nn.Module):
    """Three branches of RepVGG, then those of MobileOne: convolutions of several groups, a norm of the map itself, a pool."""

    def __init__(self) -> None:
        super().__init__()
        self.wide = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4))
        self.narrow = nn.Sequential(nn.Conv2d(4, 4, 1, groups=2, bias=False), nn.BatchNorm2d(4))
        self.itself = nn.BatchNorm2d(4)
        self.deep = nn.Sequential(
            nn.Conv2d(4, 6, 1, bias=False), nn.BatchNorm2d(6), nn.Conv2d(6, 4, 3, padding=1)
        )
        self.pool = nn.AvgPool2d(3, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.wide(x) + self.narrow(x) + self.itself(x))
        return torch.tanh(x) * 2.0 + (self.wide(x) + self.pool(x))


def run(model: onnx.ModelProto, shape: tuple[int, ...]) -> np.ndarray:
    onnx.checker.check_model(model)
    x = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    (out,) = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: x})
    return np.asarray(out)


def ops(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


@pytest.mark.parametrize(("approximate", "gelu"), [("none", GELU_ERF), ("tanh", GELU_TANH)])
def test_gelu_in_steps_becomes_one_op_and_comes_back(tmp_path: Path, approximate: str, gelu: Form) -> None:
    source = read_source(exported(Mlp(approximate), (2, 8), tmp_path / "a.onnx", opset=17))
    wanted = run(source.model, (2, 8))
    one, places = write_form(source, STEPS[gelu], gelu)
    assert places == 1
    assert ops(one)["Gelu"] == 1
    assert not {"Erf", "Tanh"} & set(ops(one))
    assert (opset_of(source.model), opset_of(one)) == (17, 20)  # the first with Gelu
    np.testing.assert_allclose(run(one, (2, 8)), wanted, atol=1e-6)
    back, places = write_form(understand(one), gelu, STEPS[gelu])
    assert places == 1
    assert ops(back)["Gelu"] == 0
    np.testing.assert_allclose(run(back, (2, 8)), wanted, atol=1e-6)
    assert write_form(source, gelu, STEPS[gelu])[1] == 0  # there is none in one op


def test_layer_norms_in_steps_become_one_op_each_with_their_epsilon(tmp_path: Path) -> None:
    source = read_source(exported(Mlp("none"), (2, 8), tmp_path / "a.onnx", opset=14))
    one, places = write_form(source, STEPS[Form("layer_norm")], Form("layer_norm"))
    assert places == ops(one)["LayerNormalization"] == 2
    assert "ReduceMean" not in ops(one)
    assert opset_of(one) == 17
    np.testing.assert_allclose(run(one, (2, 8)), run(source.model, (2, 8)), atol=1e-6)
    steps, places = write_form(understand(one), Form("layer_norm"), STEPS[Form("layer_norm")])
    assert places == 2
    assert "LayerNormalization" not in ops(steps)
    np.testing.assert_allclose(run(steps, (2, 8)), run(source.model, (2, 8)), atol=1e-6)


def test_softmax_is_written_out_and_comes_back(tmp_path: Path) -> None:
    source = read_source(exported(Mlp("none"), (2, 8), tmp_path / "a.onnx"))
    steps, places = write_form(source, Form("softmax"), STEPS[Form("softmax")])
    assert places == 1
    assert "Softmax" not in ops(steps)
    one, _ = write_form(understand(steps), STEPS[Form("softmax")], Form("softmax"))
    assert ops(one)["Softmax"] == 1
    for model in (steps, one):
        np.testing.assert_allclose(run(model, (2, 8)), run(source.model, (2, 8)), atol=1e-6)


def test_only_the_same_formula_is_another_form() -> None:
    assert can_write(STEPS[GELU_ERF], GELU_ERF)
    assert not can_write(GELU_ERF, GELU_TANH)
    assert not can_write(GELU_ERF, Form("layer_norm"))


@pytest.mark.parametrize("folded", [True, False])
def test_branches_become_one_convolution(tmp_path: Path, folded: bool) -> None:
    mode = torch.onnx.TrainingMode.EVAL if folded else torch.onnx.TrainingMode.PRESERVE
    path = exported(Branches(), SHAPE, tmp_path / "a.onnx", training=mode, do_constant_folding=folded)
    source = read_source(path)
    merged, branches = merge_file_branches(source)
    # three and two, of which each sum leaves one; the sum with tanh stays
    assert branches == 5
    assert ops(merged)["Conv"] == 2
    assert not {"BatchNormalization", "AveragePool"} & set(ops(merged))
    assert ops(merged)["Add"] == 1
    np.testing.assert_allclose(run(merged, SHAPE), run(source.model, SHAPE), rtol=1e-5, atol=1e-5)
    names = {name for node in merged.graph.node for name in node.input}
    assert {tensor.name for tensor in merged.graph.initializer} <= names  # old weights are gone


def test_a_network_without_branches_stays_as_it_is(tmp_path: Path) -> None:
    source = read_source(exported(nn.Sequential(nn.Conv2d(4, 4, 3), nn.ReLU()), SHAPE, tmp_path / "a.onnx"))
    merged, branches = merge_file_branches(source)
    assert branches == 0
    assert merged is source.model
