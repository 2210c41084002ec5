"""Corrupt files in every way that a broken or hostile file can be: bytes of any file, and fields of an ONNX file that parses."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import onnx
from onnx import AttributeProto, TensorProto, helper

from dsim.errors import DsimError
from dsim.graph import Graph

SIZES = (0, 1, -1, 2, 3, 7, 2**16, 2**31, 2**40, 2**62, -(2**63), 2**63 - 1)
NAMES = ("", "x", "no such tensor", "\u2603", "a" * 3000, "../../etc/passwd")
OPS = (
    "Conv", "Gemm", "MatMul", "Reshape", "Expand", "Range", "ConstantOfShape", "Tile", "Slice", "Gather", "Concat",
    "Split", "Resize", "If", "Loop", "Scan", "Einsum", "Pad", "Constant", "Shape", "Identity", "LSTM", "NoSuchOp", "",
    "AveragePool", "MaxPool", "ReduceMean", "Transpose", "Squeeze", "Unsqueeze", "LayerNormalization", "DepthToSpace",
)  # fmt: skip


def corrupt_bytes(raw: bytes, rng: random.Random) -> bytes:
    """Flip, cut, repeat or insert a few bytes."""
    out = bytearray(raw)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(out)) if out else 0
        match rng.randrange(5):
            case 0 if out:
                out[at] = rng.randrange(256)
            case 1:
                del out[at : at + rng.randint(1, 40)]
            case 2:
                out[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 9)))
            case 3:
                out[at:at] = out[at : at + rng.randint(1, 200)]
            case _:
                del out[at + rng.randint(0, len(out) - at) :]
    return bytes(out)


def corrupt_fields(raw: bytes, rng: random.Random) -> bytes:
    """Change fields of a model, which stays a model."""
    model = onnx.ModelProto.FromString(raw)
    for _ in range(rng.randint(1, 4)):
        _change(model, rng)
    return model.SerializeToString()


def _change(model: onnx.ModelProto, rng: random.Random) -> None:
    graph = model.graph
    node = rng.choice(graph.node) if graph.node else graph.node.add(op_type="Relu")
    match rng.randrange(13):
        case 0:
            node.op_type = rng.choice(OPS)
        case 1 if node.input:
            others = [name for other in graph.node for name in other.output] + [
                t.name for t in graph.initializer
            ]
            node.input[rng.randrange(len(node.input))] = rng.choice([*NAMES, *others])
        case 2 if node.output:
            node.output[rng.randrange(len(node.output))] = rng.choice(NAMES)
        case 3 if node.attribute:
            attribute = rng.choice(node.attribute)
            attribute.i, attribute.f = rng.choice(SIZES), float("nan")
            if attribute.ints:
                attribute.ints[rng.randrange(len(attribute.ints))] = rng.choice(SIZES)
        case 4 if node.attribute:
            rng.choice(node.attribute).type = rng.choice(list(AttributeProto.AttributeType.values()))
        case 5:
            node.attribute.append(
                helper.make_attribute(rng.choice(("axis", "axes", "value", "to", "pads")), rng.choice(SIZES))
            )
        case 6 if graph.initializer:
            tensor = rng.choice(graph.initializer)
            tensor.dims.append(rng.choice(SIZES))
        case 7 if graph.initializer:
            tensor = rng.choice(graph.initializer)
            if tensor.dims:
                tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(SIZES)
        case 8 if graph.initializer:
            tensor = rng.choice(graph.initializer)
            tensor.data_type = rng.choice([*TensorProto.DataType.values(), 99])
            tensor.raw_data = tensor.raw_data[: rng.randint(0, 20)]
        case 9:
            node.input.append(rng.choice(NAMES))
            node.output.append(rng.choice(NAMES))
        case 10:
            del graph.node[rng.randrange(len(graph.node))]
        case 11:
            value = rng.choice([*graph.input, *graph.output])
            value.type.tensor_type.shape.dim.add(dim_value=rng.choice(SIZES))
            value.type.tensor_type.elem_type = rng.choice([*range(24), 99])
        case _:
            model.opset_import.add(domain=rng.choice(("", "x")), version=rng.choice(SIZES))
            model.ir_version = rng.choice(SIZES)


def how_many_read(
    read: Callable[[Path], Graph], path: Path, broken: Callable[[random.Random], bytes], count: int
) -> int:
    """Read corrupt files one after another, see `reads_or_says_why`; return how many could be read after all.

    Most of what is changed is noticed; a changed weight or name changes no graph.
    """
    found = 0
    for number in range(count):
        path.write_bytes(broken(random.Random(number)))
        try:
            found += reads_or_says_why(read, path)
        except BaseException as error:
            error.add_note(f"file number {number}")
            raise
    return found


def reads_or_says_why(read: Callable[[Path], Graph], path: Path) -> bool:
    """Read a corrupt file: it is a whole Graph or a DsimError of one line, and nothing else; tell whether it is a Graph."""
    try:
        graph = read(path)
    except DsimError as error:
        message = str(error)
    else:
        message = ""
    if message:
        assert "\n" not in message
        assert len(message) < 2000
        return False
    assert isinstance(graph, Graph)
    assert Graph(graph.inputs, graph.nodes, graph.outputs) == graph
    return True
