"""Rows added behind the tokens of a file: the same results in ONNX's own reference, and every other pattern refused with its reason."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import shape_inference
from onnx.reference import ReferenceEvaluator
from torch import nn

from dsim.errors import UnsupportedOpError
from dsim.graph.onnx.rewriting import Source, add_rows, fold_constants, read_source, row_plan, understand
from tests.graph.onnx_files import exported
from tests.graph.tiny_vit import TinyVit

SHAPE = (1, 3, 4, 4)
TOKENS, LONGER = 5, 8
Tensor = torch.Tensor


def run(model: onnx.ModelProto) -> list[Any]:
    onnx.checker.check_model(model, full_check=True)
    image = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    return list(ReferenceEvaluator(model).run(None, {value.name: image for value in model.graph.input}))


def alone(model: onnx.ModelProto) -> list[Any]:
    return list(ReferenceEvaluator(model).run(None, {}))


def source_of(path: Path, network: nn.Module, opset: int = 17, **options: Any) -> Source:
    """Export with weights of both signs, so that scores differ and a mask is needed."""
    torch.manual_seed(0)
    exported(network, SHAPE, path, opset, **options)
    model = onnx.load(path)
    rng = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = rng.standard_normal(tuple(tensor.dims)).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(model, path)
    return read_source(path)


def longer(source: Source) -> tuple[onnx.ModelProto, int]:
    folded, _ = fold_constants(source, alone)
    return add_rows(understand(folded), TOKENS, LONGER)


def kinds(model: onnx.ModelProto) -> list[str]:
    return [node.op_type for node in model.graph.node]


HEADS: dict[str, Callable[[Tensor], Tensor]] = {
    "class token": lambda x: x[:, 0],
    "last token": lambda x: x[:, -1],
    "mean": lambda x: x.mean(1),
    "mean without the class token": lambda x: x[:, 1:].mean(1),
    "all tokens": lambda x: x,
    "image": lambda x: nn.functional.avg_pool2d(x[:, 1:].transpose(1, 2).reshape(1, 8, 2, 2), 2),
}


@pytest.mark.parametrize(
    ("head", "opset", "options"),
    [
        *((head, 14, {}) for head in HEADS),
        ("mean", 17, {"fused": True}),
        ("class token", 17, {"table": True}),
    ],
)
def test_the_results_stay_and_every_attention_is_longer(
    tmp_path: Path, head: str, opset: int, options: dict[str, bool]
) -> None:
    source = source_of(tmp_path / "a.onnx", TinyVit(head=HEADS[head], **options), opset)
    model, softmaxes = longer(source)
    assert softmaxes == 2
    assert kinds(model).count("Pad") == 1  # once, in front of the first block
    for before, after in zip(run(source.model), run(model), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-5)
    typed = shape_inference.infer_shapes(model).graph.value_info
    shapes = {one.name: [dim.dim_value for dim in one.type.tensor_type.shape.dim] for one in typed}
    scores = [shapes[node.output[0]] for node in model.graph.node if node.op_type == "Softmax"]
    assert scores == [[1, 2, LONGER, LONGER]] * 2


def test_without_the_mask_they_would_not(tmp_path: Path) -> None:
    source = source_of(tmp_path / "a.onnx", TinyVit())
    model, _ = longer(source)
    for tensor in model.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size == LONGER and (values < -1e4).any():
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros_like(values), tensor.name))
    assert not np.allclose(run(source.model)[0], run(model)[0], atol=1e-3)


BEFORE: dict[str, Callable[[Tensor], Tensor]] = {
    "a number for each token": lambda x: x * torch.arange(5.0)[None, :, None],
    "a number for each channel": lambda x: x + torch.arange(8.0),
    "its own norm": lambda x: x / x.norm(dim=-1, keepdim=True).clamp(min=1e-3),
    "a mean over channels": lambda x: x - x.mean(-1, keepdim=True),
    "turned and back": lambda x: (x.transpose(1, 2) * 2.0).transpose(1, 2),
    "cut and joined": lambda x: torch.cat([x[..., 4:], x[..., :4]], -1),
    "chunks": lambda x: torch.cat(x.chunk(2, -1)[::-1], -1),
    "without the batch": lambda x: x.squeeze(0).unsqueeze(0),
    "heads and back": lambda x: (
        x.reshape(1, 5, 2, 4).permute(0, 2, 1, 3).permute(0, 2, 1, 3).reshape(1, 5, 8)
    ),
    "rows of a matrix": lambda x: nn.functional.softplus(x.reshape(5, 8)).reshape(1, 5, 8),
    "a choice": lambda x: torch.where(x > 0, x, x.clamp(max=1.0).exp() - 1.0),
    "picked channels": lambda x: x.index_select(2, torch.tensor([7, 6, 5, 4, 3, 2, 1, 0])),
    "joined with a table": lambda x: torch.cat([x[..., :4], torch.ones(1, 5, 4)], -1),
    "their mean, which reads a slice": lambda x: x + x.mean(1, keepdim=True),
}


@pytest.mark.parametrize("before", BEFORE)
def test_what_works_token_by_token_takes_rows(tmp_path: Path, before: str) -> None:
    source = source_of(tmp_path / "a.onnx", TinyVit(BEFORE[before]))
    model, softmaxes = longer(source)
    assert softmaxes == 2
    np.testing.assert_allclose(run(model)[0], run(source.model)[0], rtol=1e-5, atol=1e-5)


MIXED: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "a product over tokens": (lambda x: torch.ones(1, 5, 5) @ x, "MatMul"),
    "a sum along them": (lambda x: x.cumsum(1), "CumSum"),
    "moved by one": (lambda x: torch.cat([x[:, 1:], x[:, :1]], 1), "Slice"),
}


@pytest.mark.parametrize("mixed", MIXED)
def test_what_mixes_tokens_is_named(tmp_path: Path, mixed: str) -> None:
    before, node = MIXED[mixed]
    source = source_of(tmp_path / "a.onnx", TinyVit(before))
    plan = row_plan(source, TOKENS, LONGER)
    assert isinstance(plan, str)
    assert plan.startswith("more rows would change what ")
    assert f"what {node} " in plan
    with pytest.raises(
        UnsupportedOpError, match="rows cannot be added behind 5 tokens: more rows would change"
    ):
        longer(source)


def test_files_that_leave_something_open_are_refused(tmp_path: Path) -> None:
    names = {"input_names": ["image"], "dynamic_axes": {"image": {0: "batch"}}}
    open_batch = source_of(tmp_path / "a.onnx", TinyVit(), **names)
    assert "leaves sizes of its input open" in str(row_plan(open_batch, TOKENS, LONGER))
    old = source_of(tmp_path / "b.onnx", TinyVit(), 11)
    assert "its operator set is 11; export it with 13 or later" in str(row_plan(old, TOKENS, LONGER))
    quantised = source_of(tmp_path / "c.onnx", TinyVit())
    quantised.model.graph.node.append(onnx.helper.make_node("QuantizeLinear", ["a", "b"], ["c"]))
    assert "has no scale" in str(row_plan(quantised, TOKENS, LONGER))


def test_attentions_that_share_no_tokens_are_refused(tmp_path: Path) -> None:
    class Apart(nn.Module):
        """Each attention makes its own keys from the image, as networks do that shorten them."""

        def __init__(self) -> None:
            super().__init__()
            self.cuts = nn.ModuleList(nn.Conv2d(3, 8, 2, 2) for _ in range(2))

        def forward(self, image: Tensor) -> Tensor:
            x = image.mean((2, 3)).repeat(1, 2)[:, None, :6].repeat(1, 3, 1)
            x = nn.functional.pad(x, (0, 2))
            for cut in self.cuts:
                keys = cut(image).flatten(2)
                x = x + (x @ keys).softmax(-1) @ keys.transpose(1, 2)
            return x

    plan = row_plan(source_of(tmp_path / "a.onnx", Apart()), 4, LONGER)
    assert "do not look at the same tokens" in str(plan)
