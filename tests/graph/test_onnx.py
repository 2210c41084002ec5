"""The ONNX reader against the torch reader (two independent ways to one graph), and at its bounds."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from onnx import helper
from torch import nn

from dsim.arch import get_preset
from dsim.errors import DsimError, FileAccessError, FileFormatError, InvalidValueError, UnsupportedOpError
from dsim.export.torch_export import build_module
from dsim.graph import Graph
from dsim.graph.inputs import parse_inputs
from dsim.graph.onnx import read_onnx
from dsim.graph.passes import run_passes
from dsim.graph.read import as_graph
from dsim.graph.torch_reader import read_module
from tests.graph.corrupt import reads_or_says_why
from tests.graph.modules import Attention, ClassToken, Lambda, LayerScale, LinearNorm, Residual, SqueezeExcite
from tests.graph.onnx_files import exported, handmade
from tests.graph.oracle import labels

PASSES = ("drop_identities", "fold_batch_norm", "fuse_activation")
MAP, IMAGE = (1, 8, 16, 16), (1, 3, 16, 16)


def kernels(graph: Graph) -> Counter[object]:
    """What runs on a device: ops with attributes, shapes and fused activations."""
    return Counter((op.label, op.attrs, op.inputs, op.outputs, op.activation) for op in graph.ops)


def assert_same(module: nn.Module, shape: tuple[int, ...], path: Path, opset: int = 17) -> Graph:
    """Hold the graph of an export against the graph of the module itself."""
    found = run_passes(read_onnx(exported(module, shape, path, opset)), PASSES)
    wanted = run_passes(read_module(module, shape), PASSES)
    assert kernels(found) == kernels(wanted)
    assert (found.macs, found.params) == (wanted.macs, wanted.params)
    assert [found.spec(r) for r in found.outputs] == [wanted.spec(r) for r in wanted.outputs]
    return found


class Norms(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.group, self.instance = nn.GroupNorm(2, 8), nn.InstanceNorm2d(8, affine=True)
        self.layer, self.up, self.down = nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 8, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.instance(self.group(x))
        x = self.layer(x.permute(0, 2, 3, 1))
        return self.down(F.gelu(self.up(x), approximate="tanh"))


class Moves(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        a, b = x.split([3, 5], 1)
        y = F.pad(torch.cat((b, a), 1), (1, 2, 0, 1))[:, :, 1:, ::2]
        y = F.interpolate(y, scale_factor=2, mode="bilinear") + F.max_pool2d(x, 3, 1, 1).mean()
        y = F.pixel_shuffle(y, 2).flatten(2).transpose(1, 2)
        return y.softmax(-1)[:, 0]


NETWORKS = {
    "residual": (Residual(), IMAGE),
    "attention": (Attention(False), (1, 9, 16)),
    "squeeze-excite": (SqueezeExcite(), MAP),
    "class token": (ClassToken(), (1, 3, 32, 32)),
    "layer scale": (LayerScale(), (1, 6, 8, 8)),
    "norm over tokens": (LinearNorm(), (1, 9, 6)),
    "norms": (Norms(), MAP),
    "moves": (Moves(), MAP),
    "conv1d": (nn.Sequential(nn.Conv1d(4, 8, 3, 2, 1), nn.Hardswish(), nn.AvgPool1d(2)), (1, 4, 32)),
    "gates": (
        nn.Sequential(nn.Conv2d(8, 8, 1), nn.SiLU(), nn.Hardswish(), nn.ReLU6(), nn.Hardsigmoid()),
        MAP,
    ),
    "unknown": (nn.Sequential(nn.Conv2d(8, 4, 1), nn.LeakyReLU(), nn.ConvTranspose2d(4, 2, 2, 2)), MAP),
}


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize("name", NETWORKS)
def test_an_export_has_the_kernels_of_its_module(name: str, opset: int, tmp_path: Path) -> None:
    module, shape = NETWORKS[name]
    assert_same(module, shape, tmp_path / "m.onnx", opset)


@pytest.mark.parametrize(
    "name",
    [pytest.param("efficientformer_l1", marks=pytest.mark.slow), "efficientformerv2_s0", "poolformer_s12"],
)
def test_an_exported_preset_has_its_kernels(name: str, tmp_path: Path) -> None:
    graph = assert_same(build_module(get_preset(name)), (1, 3, 224, 224), tmp_path / "m.onnx")
    assert graph.unknown == ()


def test_what_is_not_known_stays_by_name_with_shapes(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"]),
        helper.make_node("Elu", ["a"], ["b"]),
        helper.make_node("LSTM", ["s", "w1", "r1"], ["y"], hidden_size=5),
    ]
    constants = {
        "w": np.ones((4, 3, 1, 1), np.float32),
        "w1": np.ones((1, 20, 4), np.float32),
        "r1": np.ones((1, 20, 5), np.float32),
    }
    path = handmade(tmp_path / "m.onnx", nodes, {"x": [1, 3, 8, 8], "s": [7, 1, 4]}, ["b", "y"], constants)
    graph = read_onnx(path)
    assert graph.unknown == ("elu", "lstm")
    assert [op.outputs[0].shape for op in graph.ops] == [(1, 4, 8, 8), (1, 4, 8, 8), (7, 1, 1, 5)]
    assert graph.params == 12 + 20 * 4 + 20 * 5


def test_shape_arithmetic_is_folded(tmp_path: Path) -> None:
    class Views(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            b, c, h, w = x.shape
            return x.reshape(b, c // 2, 2, h * w).transpose(1, 2).reshape(b, -1, h, w)

    path = exported(
        Views(), MAP, tmp_path / "m.onnx", input_names=["x"], dynamic_axes={"x": {0: "n", 2: "h", 3: "w"}}
    )
    with pytest.raises(InvalidValueError, match=r"leaves sizes open .*--input x=1x8x224x224$"):
        read_onnx(path)
    graph = read_onnx(path, (1, 8, 6, 10))
    assert graph.inputs[0].shape == (1, 8, 6, 10)
    assert labels(graph) == ["reshape", "transpose", "reshape"]
    assert as_graph(str(path), (1, 8, 6, 10)) == graph
    with pytest.raises(InvalidValueError, match="4 axes"):
        read_onnx(path, (1, 8, 6))


def test_an_open_batch_is_one(tmp_path: Path) -> None:
    path = exported(Residual(), IMAGE, tmp_path / "m.onnx", input_names=["x"], dynamic_axes={"x": {0: "n"}})
    assert as_graph(path).hash() == read_onnx(exported(Residual(), IMAGE, tmp_path / "f.onnx")).hash()


def test_quantised_files_are_read_as_what_they_quantise(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["f"]),
        helper.make_node("Conv", ["d", "f"], ["y"], kernel_shape=[1, 1]),
    ]
    constants = {
        "s": np.float32(0.5),
        "z": np.uint8(0),
        "w": np.ones((4, 3, 1, 1), np.uint8),
    }
    graph = read_onnx(handmade(tmp_path / "m.onnx", nodes, {"x": [1, 3, 8, 8]}, ["y"], constants))
    assert labels(graph) == ["conv2d"]
    assert (graph.macs, graph.params) == (64 * 12, 12)


@pytest.mark.parametrize("where", ["../weights.bin", "/etc/passwd", "a/../../w", "..\\w"])
def test_weights_outside_the_folder_are_refused(where: str, tmp_path: Path) -> None:
    import onnx

    path = exported(nn.Conv2d(3, 4, 1), IMAGE, tmp_path / "m.onnx")
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=where)
    onnx.save(model, path)
    with pytest.raises(FileFormatError, match="own folder"):
        read_onnx(path)
    # inside it they are not even opened: there is no such file
    tensor.external_data[0].value = "weights.bin"
    onnx.save(model, path)
    assert read_onnx(path).params == 16


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="must be a file"):
        read_onnx(tmp_path / "nothing.onnx")
    with pytest.raises(FileAccessError, match="must be a file"):
        read_onnx(tmp_path)
    for content in (b"", b"\xff" * 100, b"PK\x03\x04 a zip"):
        (tmp_path / "m.onnx").write_bytes(content)
        with pytest.raises(FileFormatError, match=r"m\.onnx"):
            read_onnx(tmp_path / "m.onnx")


def test_a_shape_that_depends_on_data_is_one_clear_error(tmp_path: Path) -> None:
    path = handmade(tmp_path / "m.onnx", [helper.make_node("NonZero", ["x"], ["y"])], {"x": [3, 4]}, ["y"])
    with pytest.raises(UnsupportedOpError, match=r"NonZero writes depends on the data"):
        read_onnx(path)


def test_a_sum_over_both_scales_of_attention_is_one_scale(tmp_path: Path) -> None:
    def run(x: torch.Tensor) -> torch.Tensor:
        return F.scaled_dot_product_attention(x, x, x)

    assert_same(Lambda(run), (1, 2, 9, 8), tmp_path / "m.onnx")


def test_a_missing_package_names_the_remedy(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['onnx'] = None\n"
        "from dsim.graph.read import as_graph\nfrom dsim.errors import MissingPackageError\n"
        f"try: as_graph({str(tmp_path / 'm.onnx')!r})\n"
        "except MissingPackageError as error: assert 'dsim[onnx]' in str(error)\n"
        "else: sys.exit(1)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_errors_are_of_one_family() -> None:
    with pytest.raises(DsimError):
        as_graph("model.pt")


def test_the_search_for_an_order_ends_where_a_name_is_written_twice(tmp_path: Path) -> None:
    """The first node reads what it writes itself, and another node writes it too: it must run once, not for ever."""
    nodes = [
        helper.make_node("Add", ["b", "x"], ["b"]),
        helper.make_node("Relu", ["x"], ["a"]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("Relu", ["b"], ["y"]),
    ]
    path = handmade(tmp_path / "twice.onnx", nodes, {"x": [1, 4]}, ["y"])
    reads_or_says_why(read_onnx, path)


def test_an_empty_file_and_a_folder_are_called_that(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    with pytest.raises(FileFormatError, match="got an empty file; export it again"):
        read_onnx(tmp_path / "empty.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(FileAccessError, match="is a folder; check the path"):
        read_onnx(tmp_path / "folder.onnx")


def test_an_input_is_given_by_its_place_or_by_its_name(tmp_path: Path) -> None:
    path = handmade(tmp_path / "m.onnx", [helper.make_node("Relu", ["x"], ["y"])], {"x": ["n", 4]}, ["y"])
    assert read_onnx(path, parse_inputs(["x=2x4"])).inputs[0].shape == (2, 4)
    with pytest.raises(
        InvalidValueError, match="given once, got 'x' by its place and by its name; leave one"
    ):
        read_onnx(path, parse_inputs(["2x4", "x=3x4"]))
