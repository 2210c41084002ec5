"""Constants of a file folded: nothing is left that could be, the results stay, and weights stay as they are stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from dsim.graph.onnx.rewriting import fold_constants, foldable, read_source
from tests.graph.onnx_files import exported, handmade, scattered
from tests.graph.tiny_vit import TinyVit

SHAPE = (1, 3, 4, 4)


def alone(model: onnx.ModelProto) -> list[Any]:
    onnx.checker.check_model(model)
    return list(ReferenceEvaluator(model).run(None, {}))


def test_nothing_that_constants_decide_is_left_in_an_export(tmp_path: Path) -> None:
    source = read_source(exported(TinyVit(fused=True), SHAPE, tmp_path / "a.onnx"))
    assert {"Shape", "ConstantOfShape", "Expand"} <= {node.op_type for node in source.model.graph.node}
    model, places = fold_constants(source, alone)
    onnx.checker.check_model(model, full_check=True)
    assert places == len(foldable(source)) > 20
    known = {tensor.name for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Constant":
            known.update(node.output)
        else:
            assert node.op_type != "Shape"
            assert not known.issuperset(node.input)
    image = np.random.default_rng(1).standard_normal(SHAPE).astype(np.float32)
    before, after = (
        ReferenceEvaluator(one).run(None, {one.graph.input[0].name: image})[0]
        for one in (source.model, model)
    )
    np.testing.assert_allclose(after, before, rtol=1e-6, atol=1e-6)
    assert fold_constants(read_source(saved(model, tmp_path / "b.onnx")), alone)[1] == 0


def saved(model: onnx.ModelProto, path: Path) -> Path:
    onnx.save(model, path)
    return path


def test_a_batch_that_the_file_leaves_open_stays_open(tmp_path: Path) -> None:
    network = TinyVit()
    path = exported(
        network, SHAPE, tmp_path / "a.onnx", input_names=["image"], dynamic_axes={"image": {0: "batch"}}
    )
    model, _ = fold_constants(read_source(path), alone)
    assert "Shape" in {node.op_type for node in model.graph.node}
    images = torch.randn(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    (found,) = ReferenceEvaluator(model).run(None, {"image": images.numpy()})
    with torch.no_grad():
        wanted = scattered(network)(images)
    np.testing.assert_allclose(found, wanted.numpy(), rtol=1e-4, atol=1e-4)


def test_weights_stay_as_they_are_stored(tmp_path: Path) -> None:
    large = np.zeros((600, 600), np.float16)
    nodes = [
        helper.make_node("DequantizeLinear", ["whole", "scale"], ["dequantised"]),
        helper.make_node("Cast", ["half"], ["single"], to=TensorProto.FLOAT),
        helper.make_node("Expand", ["scale", "wide"], ["spread"]),
        helper.make_node("RandomNormalLike", ["scale"], ["noise"]),
        helper.make_node("Transpose", ["square"], ["turned"], perm=[1, 0]),
        helper.make_node("Neg", ["scale"], ["negative"]),
        helper.make_node(
            "Sum", ["x", "dequantised", "single", "spread", "noise", "turned", "negative"], ["y"]
        ),
        helper.make_node("Identity", ["scale"], ["stated"]),
    ]
    constants = {
        "whole": large.astype(np.int8),
        "scale": np.asarray(0.5, np.float32),
        "half": large,
        "square": large.astype(np.float32),
        "wide": np.asarray([600, 600]),
    }
    path = handmade(tmp_path / "a.onnx", nodes, {"x": [600, 600]}, ["y", "stated"], constants)
    model, places = fold_constants(read_source(path), alone)
    assert places == 2  # as large as before, and small
    left = [node.op_type for node in model.graph.node]
    assert left == ["DequantizeLinear", "Cast", "Expand", "RandomNormalLike", "Sum", "Identity"]
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    assert "square" not in stored
    assert float(onnx.numpy_helper.to_array(stored["negative"])) == -0.5  # exact in binary
    assert stored["whole"].data_type == TensorProto.INT8
