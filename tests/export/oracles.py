"""Independent programs that say whether an exported file is what it should be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from dsim.arch import Arch, Mixer
from dsim.export import Exported
from dsim.export.subject import prepare
from dsim.graph import Graph
from dsim.graph.onnx import read_onnx
from dsim.graph.passes import run_passes

PASSES = ("drop_identities", "fold_batch_norm", "fuse_activation")


def other_image(arch: Arch) -> torch.Tensor:
    """Another image than the one that the export compared."""
    return torch.rand((1, 3, arch.resolution, arch.resolution), generator=torch.Generator().manual_seed(7))


def wanted_scores(arch: Arch, module: nn.Module | None) -> np.ndarray[Any, Any]:
    """What torch gives for it; drawn weights are the same each time."""
    subject = module if module is not None else prepare(arch).module
    with torch.no_grad():
        return subject(other_image(arch)).numpy()


def assert_close(found: Any, wanted: np.ndarray[Any, Any], relative: float) -> None:
    assert np.abs(wanted).max() > 0.05  # a comparison of zeros with zeros would say nothing
    assert np.std(wanted) > 0.01
    np.testing.assert_allclose(found, wanted, rtol=0, atol=relative * float(np.abs(wanted).max()))


def assert_kernels(found: Graph, arch: Arch) -> None:
    """Hold a file's kernels against the design's, op by op."""
    after, before = (
        Counter(
            (op.label, op.attrs, op.inputs, op.outputs, op.activation) for op in run_passes(graph, PASSES).ops
        )
        for graph in (found, arch.to_graph())
    )
    assert after == before
    assert found.macs == arch.to_graph().macs


def onnx(arch: Arch, exported: Exported, module: nn.Module | None = None) -> None:
    """onnx's checker, ONNX Runtime without its optimiser, and dsim's reader."""
    import onnx as package
    import onnxruntime

    path = exported.files[0]
    package.checker.check_model(package.load(path), full_check=True)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (scores,) = session.run(["scores"], {"image": other_image(arch).numpy()})
    assert_close(scores, wanted_scores(arch, module), 1e-4)
    assert_kernels(read_onnx(path), arch)
    assert exported.difference is not None


def torchexport(arch: Arch, exported: Exported, module: nn.Module | None = None) -> None:
    """torch.export.load, and the ops of its graph."""
    program = torch.export.load(exported.files[0])  # written by this test
    with torch.no_grad():
        scores = program.module()(other_image(arch)).numpy()
    assert_close(scores, wanted_scores(arch, module), 1e-6)
    assert any("the design's own" in line for line in exported.checks)


def coreml(arch: Arch, exported: Exported, module: nn.Module | None = None) -> None:
    """The package's own file format, and the scores of the program run in float32 on another image."""
    import coremltools as ct

    from dsim.export.mil_program import load_program, macs_of, ops_of
    from dsim.export.mil_run import run_program

    spec = ct.models.MLModel(str(exported.files[0]), skip_model_load=True).get_spec()
    assert spec.specificationVersion == ct.target.iOS16
    (given,), (made,) = spec.description.input, spec.description.output
    half = ct.proto.FeatureTypes_pb2.ArrayFeatureType.FLOAT16
    assert (given.name, list(given.type.multiArrayType.shape)) == ("image", [1, 3, *[arch.resolution] * 2])
    assert (made.name, list(made.type.multiArrayType.shape)) == ("scores", [1, arch.num_classes])
    assert given.type.multiArrayType.dataType == made.type.multiArrayType.dataType == half
    function = load_program(exported.files[0])
    graph = run_passes(arch.to_graph(), ("drop_identities", "fold_batch_norm"))
    assert macs_of(function) == graph.macs
    assert _convolutions(ops_of(function)) == Counter(
        (op.inputs[0].shape, op.outputs[0].shape, op.attrs.kernel, op.attrs.groups)  # type: ignore[union-attr]
        for op in graph.ops
        if op.label == "conv2d"
    )
    assert _multiplications(ops_of(function)) == _multiplications_left(graph, arch)
    scores = run_program(function, other_image(arch)).numpy()
    assert_close(scores, wanted_scores(arch, module), 3e-2)
    assert exported.difference is not None
    assert exported.difference.by.endswith("never by Core ML")
    assert "unexpected" not in " ".join(exported.checks)


def _convolutions(ops: list[Any]) -> Counter[object]:
    return Counter(
        (op.x.shape, op.outputs[0].shape, op.weight.shape[2:], int(op.groups.val))
        for op in ops
        if op.op_type == "conv"
    )


def _multiplications(ops: list[Any]) -> int:
    """Those of layer scales, of attention and of the mean of two classifiers: hardswish brings its own."""
    counts = Counter(op.op_type for op in ops)
    return counts["mul"] - counts["thresholded_relu"]


def _multiplications_left(graph: Graph, arch: Arch) -> int:
    """dsim's pass folds layer scales into convolutions and linear layers, coremltools into convolutions alone."""
    counts = Counter(op.label for op in run_passes(graph, ("fold_layer_scale",)).ops)
    blocks = [block for stage in arch.stages for block in stage.blocks]
    linear = sum(2 for block in blocks if block.mixer is Mixer.ATTENTION and block.layer_scale is not None)
    return counts["mul"] + counts["div"] + linear


def litert(arch: Arch, exported: Exported, module: nn.Module | None = None) -> None:
    """LiteRT's reference kernels, without XNNPACK."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        str(exported.files[0]), experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    (given,), (made,) = interpreter.get_input_details(), interpreter.get_output_details()
    assert list(given["shape"]) == [1, arch.resolution, arch.resolution, 3]
    interpreter.set_tensor(given["index"], other_image(arch).permute(0, 2, 3, 1).contiguous().numpy())
    interpreter.invoke()
    assert_close(interpreter.get_tensor(made["index"]), wanted_scores(arch, module), 1e-4)
    assert exported.difference is not None


Oracle = Callable[..., None]
ORACLES: dict[str, Oracle] = {"onnx": onnx, "torchexport": torchexport, "coreml": coreml, "litert": litert}
