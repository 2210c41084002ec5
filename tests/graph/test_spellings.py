"""Quantised and fused operators of ONNX Runtime, against the same network in standard operators and by hand."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from onnx import helper
from torch import nn

from dsim.errors import FileFormatError, UnsupportedOpError
from dsim.graph import Graph
from dsim.graph.onnx import read_onnx
from tests.graph.onnx_files import exported, handmade

MS, BLOCKED = "com.microsoft", "com.microsoft.nchwc"
RANDOM = np.random.default_rng(0)
SCALE, ZERO = np.array(0.1, np.float32), np.array(0, np.int8)


def node(op: str, inputs: str, outputs: str, domain: str = "", **attrs: Any) -> Any:
    """Make a node; inputs and outputs are names between blanks, "-" for one left out."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, outputs.split(), domain=domain, **attrs)


def real(*shape: int) -> Any:
    return RANDOM.standard_normal(shape).astype(np.float32)


def whole(*shape: int) -> Any:
    return RANDOM.integers(-127, 127, shape).astype(np.int8)


def kernels(graph: Graph) -> Counter[object]:
    return Counter((op.label, op.attrs, op.inputs, op.outputs) for op in graph.ops)


CONV = {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2], "group": 2}
MAP, TOKENS = [1, 4, 8, 8], [1, 5, 6]
WEIGHT = (6, 2, 3, 3)
# name: (its nodes, the same in standard operators, shape of x, constants)
CASES: dict[str, tuple[list[Any], list[Any], list[int], dict[str, Any]]] = {
    "QLinearConv": (
        [
            node("QuantizeLinear", "x s z", "q"),
            node("QLinearConv", "q s z w s z s z b", "r", **CONV),
            node("DequantizeLinear", "r s z", "y"),
        ],
        [node("Conv", "x wf bf", "y", **CONV)],
        MAP,
        {"w": whole(*WEIGHT), "b": np.arange(6, dtype=np.int32), "wf": real(*WEIGHT), "bf": real(6)},
    ),
    "ConvInteger": (
        [
            node("DynamicQuantizeLinear", "x", "q qs qz"),
            node("ConvInteger", "q w qz z", "i", **CONV),
            node("Cast", "i", "f", to=1),
            node("Mul", "qs ws", "both"),
            node("Mul", "f both", "scaled"),
            node("Add", "scaled b", "y"),
        ],
        [node("Conv", "x wf bf", "y", **CONV)],
        MAP,
        {"w": whole(*WEIGHT), "ws": real(6, 1, 1), "b": real(1, 6, 1, 1), "wf": real(*WEIGHT), "bf": real(6)},
    ),
    "MatMulInteger": (
        [
            node("DynamicQuantizeLinear", "x", "q qs qz"),
            node("MatMulInteger", "q w qz z", "i"),
            node("Cast", "i", "f", to=1),
            node("Mul", "f qs", "y"),
        ],
        [node("MatMul", "x wf", "y")],
        TOKENS,
        {"w": whole(6, 7), "wf": real(6, 7)},
    ),
    "QLinearMatMul of activations": (
        [
            node("QuantizeLinear", "x s z", "q"),
            node("Transpose", "q", "t", perm=[0, 2, 1]),
            node("QLinearMatMul", "q s z t s z s z", "r"),
            node("DequantizeLinear", "r s z", "y"),
        ],
        [node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "x t", "y")],
        TOKENS,
        {},
    ),
    "DynamicQuantizeMatMul": (
        [node("DynamicQuantizeMatMul", "x w s z b", "y", MS)],
        [node("MatMul", "x wf", "m"), node("Add", "m b", "y")],
        TOKENS,
        {"w": whole(6, 7), "b": real(7), "wf": real(6, 7)},
    ),
    "QGemm": (
        [
            node("QuantizeLinear", "x s z", "q"),
            node("QGemm", "q s z w s z b s z", "r", MS, transB=1),
            node("DequantizeLinear", "r s z", "y"),
        ],
        [node("Gemm", "x wf bf", "y", transB=1)],
        [3, 6],
        {"w": whole(7, 6), "b": np.arange(7, dtype=np.int32), "wf": real(7, 6), "bf": real(7)},
    ),
    "4 bits": (
        [node("MatMulNBits", "x w s", "y", MS, K=64, N=7, bits=4, block_size=32)],
        [node("MatMul", "x wf", "y")],
        [1, 5, 64],
        {"w": RANDOM.integers(0, 255, (7, 2, 16)).astype(np.uint8), "wf": real(64, 7)},
    ),
    "quantised GELU": (
        [
            node("QuantizeLinear", "x s z", "q"),
            node("QLinearMul", "q s z root s z s z", "a", MS),
            node("DequantizeLinear", "a s z", "b"),
            node("Erf", "b", "c"),
            node("QuantizeLinear", "c s z", "d"),
            node("QLinearAdd", "d s z one k z s z", "e", MS),
            node("QLinearMul", "q s z e s z s z", "f", MS),
            node("QLinearMul", "f s z half k z s z", "g", MS),
            node("DequantizeLinear", "g s z", "y"),
        ],
        [node("Gelu", "x", "y", MS)],
        MAP,
        {
            "s": np.array(0.00707107, np.float32),
            "root": np.array(100, np.int8),
            "one": np.array(100, np.int8),
            "half": np.array(50, np.int8),
            "k": np.array(0.01, np.float32),
        },
    ),
    "FusedConv": (
        [node("FusedConv", "x wf bf", "y", MS, activation="Relu", **CONV)],
        [node("Conv", "x wf bf", "c", **CONV), node("Relu", "c", "y")],
        MAP,
        {"wf": real(*WEIGHT), "bf": real(6)},
    ),
    "FusedConv that adds": (
        [node("FusedConv", "x w - x", "y", MS, activation="Clip", activation_params=[0.0, 6.0], kernel_shape=[1, 1])],
        [node("Conv", "x w", "c", kernel_shape=[1, 1]), node("Add", "c x", "a"), node("Clip", "a low high", "y")],
        MAP,
        {"w": real(4, 4, 1, 1), "low": np.array(0, np.float32), "high": np.array(6, np.float32)},
    ),
    "channels last": (
        [node("NhwcConv", "x w", "y", MS, kernel_shape=[3, 3], pads=[1, 1, 1, 1])],
        [
            node("Transpose", "x", "t", perm=[0, 3, 1, 2]),
            node("Conv", "t w", "c", kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            node("Transpose", "c", "y", perm=[0, 2, 3, 1]),
        ],
        [1, 8, 8, 4],
        {"w": real(6, 4, 3, 3)},
    ),
    "FusedMatMul": (
        [node("FusedMatMul", "x x", "y", MS, transB=1, alpha=0.5)],
        [node("Transpose", "x", "t", perm=[0, 2, 1]), node("MatMul", "x t", "y")],
        TOKENS,
        {},
    ),
    "FusedMatMul by weights": (
        [node("FusedMatMul", "x wt", "y", MS, transB=1)],
        [node("MatMul", "x w", "y")],
        TOKENS,
        {"wt": real(7, 6), "w": real(6, 7)},
    ),
    "BiasGelu": (
        [node("BiasGelu", "x b", "y", MS)],
        [node("Add", "x b", "a"), node("Gelu", "a", "y", MS)],
        TOKENS,
        {"b": real(6)},
    ),
    "QuickGelu": (
        [node("QuickGelu", "x", "y", MS, alpha=1.0)],
        [node("Sigmoid", "x", "a"), node("Mul", "x a", "y")],
        TOKENS,
        {},
    ),
    "SkipLayerNormalization": (
        [node("SkipLayerNormalization", "x x g b", "y - - sum", MS), node("Relu", "sum", "r"), node("Add", "y r", "out")],
        [
            node("Add", "x x", "sum"),
            node("LayerNormalization", "sum g b", "y"),
            node("Relu", "sum", "r"),
            node("Add", "y r", "out"),
        ],
        TOKENS,
        {"g": real(6), "b": real(6)},
    ),
    "turned product": (
        [node("Gemm", "x w", "y", transA=1)],
        [node("Transpose", "x", "t", perm=[1, 0]), node("MatMul", "t w", "y")],
        [6, 3],
        {"w": real(6, 7)},
    ),
    "not sorted": (
        [node("Relu", "c", "y"), node("Conv", "x w", "c", kernel_shape=[1, 1])],
        [node("Conv", "x w", "c", kernel_shape=[1, 1]), node("Relu", "c", "y")],
        MAP,
        {"w": real(6, 4, 1, 1)},
    ),
    "there and back": (
        [node("Transpose", "x", "t", perm=[0, 3, 1, 2]), node("Transpose", "t", "u", perm=[0, 2, 3, 1]), node("Relu", "u", "y")],
        [node("Relu", "x", "y")],
        MAP,
        {},
    ),
}  # fmt: skip


def read(path: Path, nodes: list[Any], x: list[int], constants: dict[str, Any]) -> Graph:
    """Read a file of these nodes; its outputs are those of the last one."""
    used = {name for one in nodes for name in one.input}
    every = {"s": SCALE, "z": ZERO, **constants}
    kept = {name: array for name, array in every.items() if name in used}
    last = next(name for name in ("out", "y") if any(name in one.output for one in nodes))
    return read_onnx(handmade(path, nodes, {"x": x}, [last], kept, domains=(MS, BLOCKED)))


@pytest.mark.parametrize("name", CASES)
def test_a_spelled_operator_is_the_standard_ones(name: str, tmp_path: Path) -> None:
    nodes, plain, x, constants = CASES[name]
    found = read(tmp_path / "a.onnx", nodes, x, constants)
    wanted = read(tmp_path / "b.onnx", plain, x, constants)
    assert kernels(found) == kernels(wanted)
    assert (found.macs, found.params, found.unknown) == (wanted.macs, wanted.params, ())


@pytest.mark.parametrize(
    ("nodes", "x", "constants", "macs", "params"),
    [
        # 8 heads of 6: scores and values, over 5 tokens; with a linear layer of 48 x 144 before in com.microsoft's
        ([node("Attention", "x x x", "y", q_num_heads=8, kv_num_heads=8)], [2, 5, 48], {}, 2 * 2 * 25 * 48, 0),
        ([node("MultiHeadAttention", "x x x", "y", MS, num_heads=8)], [2, 5, 48], {}, 2 * 2 * 25 * 48, 0),
        (
            [node("Attention", "x w b", "y", MS, num_heads=8)],
            [2, 5, 48],
            {"w": real(48, 144), "b": real(144)},
            2 * 2 * 25 * 48 + 2 * 5 * 48 * 144,
            48 * 144 + 144,
        ),
        (
            [node("QAttention", "x w b s s - z z", "y", MS, num_heads=8)],
            [2, 5, 48],
            {"w": whole(48, 144), "b": real(144)},
            2 * 2 * 25 * 48 + 2 * 5 * 48 * 144,
            48 * 144 + 144,
        ),
        # every input takes 3 x 5 weights of its channel, and goes to 5 x 3 / 2 outputs
        ([node("ConvTranspose", "x w", "y", strides=[2])], [1, 4, 10], {"w": real(4, 5, 3)}, 40 * 15, 60),
        ([node("Conv", "x w", "y")], [1, 3, 4, 5, 6], {"w": real(2, 3, 1, 2, 3)}, 2 * 4 * 4 * 4 * 18, 36),
        (
            [node("GRU", "x w r b", "y -", hidden_size=5, direction="bidirectional")],
            [7, 2, 4],
            {"w": real(2, 15, 4), "r": real(2, 15, 5), "b": real(2, 30)},
            7 * 2 * 2 * 15 * 9,
            2 * 15 * 9 + 60,
        ),
        (
            [node("LSTM", "x w r - - h h", "y - -", hidden_size=5)],
            [7, 2, 4],
            {"w": real(1, 20, 4), "r": real(1, 20, 5), "h": np.zeros((1, 2, 5), np.float32)},
            14 * 180,
            180,
        ),
    ],
)  # fmt: skip
def test_layers_without_a_kind_are_counted_by_hand(
    nodes: list[Any], x: list[int], constants: dict[str, Any], macs: int, params: int, tmp_path: Path
) -> None:
    used = {name for one in nodes for name in one.input}
    every = {"s": SCALE, "z": ZERO, **constants}
    kept = {name: array for name, array in every.items() if name in used}
    path = handmade(tmp_path / "m.onnx", nodes, {"x": x}, ["y"], kept, opset=23, domains=(MS,))
    graph = read_onnx(path)
    assert (graph.macs, graph.params, graph.uncounted) == (macs, params, ())


def test_heads_that_share_keys_are_all_counted(tmp_path: Path) -> None:
    inputs = {"q": [1, 8, 5, 6], "k": [1, 2, 9, 6], "v": [1, 2, 9, 4]}
    for names, macs in (("q k v", 8 * 5 * 9 * 10), ("q k v m", 8 * 5 * 9 * 10)):
        given = inputs | ({"m": [5, 9]} if "m" in names.split() else {})
        path = handmade(tmp_path / "m.onnx", [node("Attention", names, "y")], given, ["y"], opset=23)
        graph = read_onnx(path)
        assert (graph.macs, graph.uncounted) == (macs, ())
        assert graph.spec(graph.outputs[0]).shape == (1, 8, 5, 4)


def test_channels_that_only_fill_a_block_are_no_channels(tmp_path: Path) -> None:
    weight, bias = real(16, 3, 3, 3), real(16)
    blocked = np.concatenate([weight.reshape(2, 8, -1)]).transpose(0, 2, 1).reshape(2, -1, 8).copy()
    blocked[-1, :, 5:], bias[13:] = 0.0, 0.0  # 13 of 16 channels, channels of a block innermost
    nodes = [
        node("Conv", "x w b", "r", BLOCKED, kernel_shape=[3, 3], activation="Relu"),
        node("Conv", "r v", "t", BLOCKED, kernel_shape=[1, 1]),
        node("ReorderOutput", "t", "y", BLOCKED, channels=8),
    ]
    constants = {"w": blocked.reshape(weight.shape), "b": bias, "v": real(8, 16, 1, 1)}
    graph = read(tmp_path / "m.onnx", nodes, [1, 3, 6, 6], constants)
    assert graph.macs == 16 * 13 * 27 + 16 * 8 * 13
    assert graph.params == 13 * 27 + 13 + 8 * 13
    assert graph.spec(graph.outputs[0]).shape == (1, 8, 4, 4)


def test_a_batch_norm_in_training_learns_scale_and_shift_alone(tmp_path: Path) -> None:
    nodes = [node("BatchNormalization", "x g b m v", "y - -", training_mode=1)]
    graph = read(tmp_path / "m.onnx", nodes, MAP, {name: real(4) for name in "gbmv"})
    assert (graph.unknown, graph.params, graph.uncounted) == (("batch_norm",), 8, ())


def test_an_operator_of_ones_own_is_named(tmp_path: Path) -> None:
    path = handmade(
        tmp_path / "m.onnx", [node("MyOp", "x", "a", "my.ops"), node("Relu", "a", "y")], {"x": MAP}, ["y"]
    )
    with pytest.raises(
        UnsupportedOpError, match=r"my\.ops::MyOp must be known, got none: no rule knows"
    ) as found:
        read_onnx(path)
    assert "\n" not in str(found.value)


def test_functions_of_a_file_are_written_out(tmp_path: Path) -> None:
    path = handmade(
        tmp_path / "m.onnx",
        [node("Block", "x", "a", "mine"), node("Block", "a", "y", "mine")],
        {"x": MAP},
        ["y"],
    )
    model = onnx.load(path)
    opset = helper.make_opsetid("", 17)
    body = [
        helper.make_node("Constant", [], ["w"], value=onnx.numpy_helper.from_array(real(4, 4, 1, 1))),
        node("Conv", "i w", "c"),
        node("Relu", "c", "o"),
    ]
    model.functions.append(helper.make_function("mine", "Block", ["i"], ["o"], body, [opset]))
    model.opset_import.append(helper.make_opsetid("mine", 1))
    onnx.save(model, path)
    graph = read_onnx(path)
    assert [op.label for op in graph.ops] == ["conv2d", "relu"] * 2
    assert (graph.macs, graph.uncounted) == (2 * 64 * 16, ())
    model.functions[0].node.append(node("Block", "o", "p", "mine"))
    onnx.save(model, path)
    with pytest.raises(FileFormatError, match="must not call themselves, got 'Block'"):
        read_onnx(path)


@pytest.mark.parametrize(
    ("nodes", "x", "rule"),
    [
        ([node("Reshape", "x to", "y")], [8, 32, 1, 1], "Reshape must keep the 256 elements of 8x32x1x1"),
        (
            [node("Reshape", "x flat", "f"), node("Gemm", "f w", "y")],
            [8, 32, 1, 1],
            "Gemm must be known, got none that fits inputs of 1x256 and 32x10",
        ),
        ([node("Conv", "x c", "y")], [1, 4, 8, 8], "Conv must read 3 channels, got 4 in 1x4x8x8"),
        ([node("ConvTranspose", "x c", "y")], [1, 4, 8, 8], "ConvTranspose must read 5 channels, got 4"),
    ],
)
def test_what_does_not_fit_the_input_is_said_in_one_line(
    nodes: list[Any], x: list[int], rule: str, tmp_path: Path
) -> None:
    constants = {"to": np.array([1, 32]), "flat": np.array([1, -1]), "w": real(32, 10), "c": real(5, 3, 1, 1)}
    with pytest.raises(UnsupportedOpError, match=rule) as found:
        read(tmp_path / "m.onnx", nodes, x, constants)
    assert "\n" not in str(found.value)


class Small(nn.Module):
    """A little of everything that ONNX Runtime's tools rewrite; 20 and 13 channels fill no blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 20, 3, 2, 1), nn.BatchNorm2d(20), nn.ReLU())
        self.mix = nn.Sequential(
            nn.Conv2d(20, 20, 3, 1, 1, groups=20), nn.Conv2d(20, 20, 1), nn.BatchNorm2d(20)
        )
        self.down = nn.Conv2d(20, 13, 3, 2, 1)
        self.norm, self.up, self.back = nn.LayerNorm(13), nn.Linear(13, 26), nn.Linear(26, 13)
        self.qkv, self.head = nn.Linear(13, 39), nn.Linear(13, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        x = F.gelu(self.down(F.avg_pool2d(x + self.mix(x), 3, 1, 1))).flatten(2).transpose(1, 2)
        x = x + self.back(F.gelu(self.up(self.norm(x))))
        q, k, v = self.qkv(x).chunk(3, -1)
        x = x + (q @ k.transpose(1, 2) * 0.25).softmax(-1) @ v
        return self.head(x.mean(1))


def quantise(how: str, source: Path, target: Path) -> None:
    """Let ONNX Runtime's tools rewrite a file."""
    import onnxruntime
    from onnxruntime import quantization as tools

    logging.getLogger().setLevel(logging.ERROR)

    class Images(tools.CalibrationDataReader):  # type: ignore[misc]
        left = 1

        def get_next(self) -> dict[str, Any] | None:
            self.left -= 1
            return {"image": real(1, 3, 32, 32)} if self.left >= 0 else None

    if how.startswith("dynamic"):
        tools.quantize_dynamic(
            source, target, weight_type=tools.QuantType.QInt8, per_channel=how.endswith("channel")
        )
    elif how.startswith("ORT_"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, how)
        options.optimized_model_filepath, options.log_severity_level = str(target), 3
        onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    else:
        form, _, rest = how.partition(" ")
        tools.quantize_static(
            source,
            target,
            Images(),
            quant_format=getattr(tools.QuantFormat, form),
            per_channel=rest == "channel",
        )


LEVELS = ("ORT_ENABLE_BASIC", "ORT_ENABLE_EXTENDED", "ORT_ENABLE_LAYOUT", "ORT_ENABLE_ALL")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("then", [None, "ORT_ENABLE_ALL"])
@pytest.mark.parametrize("how", ["dynamic", "dynamic channel", "QOperator", "QDQ", "QDQ channel", *LEVELS])
def test_what_onnx_runtimes_tools_make_reads_as_what_went_in(
    how: str, then: str | None, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    source = exported(Small(), (1, 3, 32, 32), tmp_path / "m.onnx", input_names=["image"])
    wanted, made = read_onnx(source), tmp_path / "made.onnx"
    quantise(how, source, made)
    if then:
        quantise(then, made, tmp_path / "again.onnx")
        made = tmp_path / "again.onnx"
    found = read_onnx(made)
    assert (found.macs, found.uncounted) == (wanted.macs, ())
    assert found.params == wanted.params
    assert {"conv2d", "linear", "gelu", "layer_norm", "softmax"} <= {op.label for op in found.ops}
