"""The reader of LiteRT files against the network that two of them were converted from, and at its bounds.

The files are litert-torch's and AI Edge Quantizer's, see lab/files/litert.py; cases that no converter wrote here are put
together with the schema's own builder.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.attrs import ConstantAttrs, ConvAttrs, NormAttrs
from dsim.errors import FileAccessError, FileFormatError, InvalidValueError
from dsim.graph import Graph
from dsim.graph.passes import run_passes
from dsim.graph.read import as_graph
from dsim.graph.tflite import read_tflite
from dsim.graph.torch_reader import read_module
from dsim.op import Op, OpKind
from dsim.own.resolve import resolve
from lab.files.tiny import IMAGE, SIDE, tiny
from tests.graph.corrupt import corrupt_bytes, how_many_read
from tests.graph.tflite_files import Case, composite, handmade

FILES = Path(__file__).parent / "files"
PASSES = ("drop_identities", "fold_batch_norm", "fuse_activation")
ROUNDS = 80


def kernels(graph: Graph) -> Counter[object]:
    """What runs on a device, but for weights of a norm, which the converter moves into the layer behind it."""

    def one(op: Op) -> object:
        attrs = replace(op.attrs, affine=True) if isinstance(op.attrs, NormAttrs) else op.attrs
        return op.label, attrs, op.inputs, op.outputs, op.activation

    return Counter(one(op) for op in run_passes(graph, PASSES).ops)


@pytest.mark.parametrize("name", ["tiny", "tiny_int8"])
def test_a_conversion_has_the_kernels_of_its_network(name: str) -> None:
    found, wanted = read_tflite(FILES / f"{name}.tflite"), read_module(tiny(), IMAGE)
    assert kernels(found) == kernels(wanted)
    assert found.macs == wanted.macs
    assert found.unknown == ()
    # the layer norm's weight and bias of 16 numbers each went into the layer behind it
    assert run_passes(found, PASSES).params == run_passes(wanted, PASSES).params - 2 * 16
    assert {"attention.proj", "gate", "stem.2"} <= {node.scope for node in found.nodes}


def test_a_file_says_its_numbers() -> None:
    plain, whole = (read_tflite(FILES / f"{name}.tflite").file for name in ("tiny", "tiny_int8"))
    assert plain is not None
    assert whole is not None
    assert (plain.weights, plain.activations, plain.quantised) == ("float32", "float32", False)
    assert (whole.weights, whole.activations, whole.quantised, whole.per_channel) == (
        "int8",
        "int8",
        True,
        True,
    )


def test_another_size_is_refused() -> None:
    same = as_graph(FILES / "tiny.tflite", (1, SIDE, SIDE, 3))
    assert same.inputs[0].shape == IMAGE  # channels first, as all graphs have them
    with pytest.raises(InvalidValueError, match="sizes fixed"):
        as_graph(FILES / "tiny.tflite", (1, 32, 32, 3))


def only(graph: Graph, kind: OpKind) -> Op:
    (op,) = [op for op in graph.ops if op.kind is kind]
    return op


def conv(padding: str, size: int, stride: int = 2, multiplier: int = 0) -> Case:
    """One convolution of 3x3 over 4 channels; depthwise with so many outputs for each where a multiplier is given."""
    side = -(-size // stride) if padding == "SAME" else (size - 3) // stride + 1
    width = 4 * multiplier if multiplier else 6
    weight = (1, 3, 3, width) if multiplier else (width, 3, 3, 4)
    name, options = (
        ("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions") if multiplier else ("CONV_2D", "Conv2DOptions")
    )
    settings = {"Padding": padding, "StrideH": stride, "StrideW": stride, "FusedActivationFunction": "RELU6"}
    if multiplier:
        settings["DepthMultiplier"] = multiplier
    return Case(name, options, settings, [(1, size, size, 4)], [weight, (width,)], (1, side, side, width))


@pytest.mark.parametrize(("padding", "size", "pads"), [("SAME", 9, 1), ("SAME", 8, 1), ("VALID", 9, 0)])
def test_padding_stays_inside_the_convolution(padding: str, size: int, pads: int, tmp_path: Path) -> None:
    graph = read_tflite(handmade(tmp_path / "m.tflite", conv(padding, size)))
    op = only(graph, OpKind.CONV2D)
    assert op.attrs == ConvAttrs(6, (3, 3), (2, 2), (pads, pads), bias=True)
    side = op.outputs[0].shape[2]
    assert graph.macs == side * side * 6 * 4 * 9
    assert [one.kind for one in graph.ops] == [OpKind.CONV2D, OpKind.RELU6]


def test_a_depthwise_convolution_may_have_several_outputs_for_each_input(tmp_path: Path) -> None:
    graph = read_tflite(handmade(tmp_path / "m.tflite", conv("SAME", 8, 1, 2)))
    op = only(graph, OpKind.CONV2D)
    assert op.attrs == ConvAttrs(8, (3, 3), (1, 1), (1, 1), groups=4, bias=True)
    assert graph.macs == 8 * 8 * 8 * 9


def test_what_is_not_known_stays_by_name_with_shapes(tmp_path: Path) -> None:
    case = Case("CUSTOM", "", {}, [(1, 8, 8, 4)], [], (1, 8, 8, 2), custom="Mystery")
    graph = read_tflite(handmade(tmp_path / "m.tflite", case))
    assert graph.unknown == ("tflite::Mystery",)
    assert not next(iter(graph.ops)).counted
    assert graph.outputs


def test_a_scale_for_each_channel_of_a_map_is_a_number_for_each_channel(tmp_path: Path) -> None:
    first = conv("SAME", 8, 1)
    case = replace(first, then=("MUL", "MulOptions", {}, (1, 1, 1, 6)))
    graph = read_tflite(handmade(tmp_path / "m.tflite", case))
    assert only(graph, OpKind.MUL).attrs == ConstantAttrs((6, 1, 1), 6)


def test_a_composite_is_what_it_stands_for(tmp_path: Path) -> None:
    graph = read_tflite(composite(tmp_path / "m.tflite"))
    assert [op.kind for op in graph.ops] == [OpKind.TANH]
    graph = read_tflite(composite(tmp_path / "m.tflite", body=7))  # a graph that the file lacks
    assert graph.unknown == ("tflite::odml.curve",)
    with pytest.raises(FileFormatError, match="nest at most"):
        read_tflite(composite(tmp_path / "m.tflite", inside="STABLEHLO_COMPOSITE"))


def test_a_sheet_of_measurements_may_name_a_file() -> None:
    key, graph = resolve("tiny_int8.tflite", FILES, "sheet.csv, row 2")
    assert key == f"own-tiny_int8@{SIDE}"
    assert graph is not None
    assert graph.macs == read_tflite(FILES / "tiny.tflite").macs


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    with pytest.raises(FileAccessError, match="no such file"):
        as_graph(path)
    path.write_bytes(b"")
    with pytest.raises(FileFormatError, match="an empty file"):
        as_graph(path)
    path.write_bytes(b"\x08\x01not a model")
    with pytest.raises(FileFormatError, match="LiteRT model"):
        as_graph(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(FileAccessError, match="folder"):
        as_graph(path)
    other = tmp_path / "m.onnx"
    other.write_bytes((FILES / "tiny.tflite").read_bytes())
    with pytest.raises(FileFormatError, match=r"name it m\.tflite"):
        as_graph(other)


def test_a_shape_that_its_bytes_cannot_fill_is_refused(tmp_path: Path) -> None:
    case = replace(conv("SAME", 8, 1), lie=(2**20, 3, 3, 2**10))
    with pytest.raises(FileFormatError, match="bytes in the file"):
        read_tflite(handmade(tmp_path / "m.tflite", case))


def test_corrupt_files_end_in_one_line(tmp_path: Path) -> None:
    seeds = [(FILES / f"{name}.tflite").read_bytes() for name in ("tiny", "tiny_int8")]

    def broken(rng: random.Random) -> bytes:
        # half of the changes fall on the tables, which stand at both ends
        return rng.choice((corrupt_bytes, _offsets))(rng.choice(seeds), rng)

    assert how_many_read(read_tflite, tmp_path / "m.tflite", broken, ROUNDS) < ROUNDS * 0.8


def _offsets(raw: bytes, rng: random.Random) -> bytes:
    """Change some of the numbers of four bytes that offsets and lengths are."""
    out = bytearray(raw)
    for _ in range(rng.randint(1, 30)):
        at = rng.randrange(len(out) // 4) * 4
        out[at : at + 4] = rng.choice((0, 1, 4, 255, 2**16, 2**31 - 1, 2**31, 2**32 - 1)).to_bytes(
            4, "little"
        )
    return bytes(out)
