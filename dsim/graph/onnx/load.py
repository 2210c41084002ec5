"""Take an ONNX file from disk as data: bounded in size, and without the weights that lie beside it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dsim.bounds import MAX_RANK
from dsim.errors import FileAccessError, FileFormatError
from dsim.graph.onnx.functions import inlined
from dsim.packages import need

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import GraphProto, ModelProto, TensorProto

MAX_FILE_BYTES = 2**31  # protobuf's own limit; larger networks keep their weights outside
MAX_NODES = 50_000
MAX_TENSORS = 200_000


def load_model(path: Path) -> ModelProto:
    """Parse a file and check what can be checked without computing.

    Raises
    ------
    MissingPackageError
        The onnx package is not installed.
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not an ONNX model, is too large, or keeps weights outside its folder.
    """
    need("onnx", "an .onnx file", "onnx")
    import onnx  # optional: only reading ONNX files needs it

    try:
        if not path.is_file():
            found = "is a folder" if path.is_dir() else "found none"
            raise FileAccessError(f"{path} must be a file, {found}; check the path")
        size = path.stat().st_size
        if size == 0:
            raise FileFormatError(f"{path} must be an ONNX model, got an empty file; export it again")
        if size >= MAX_FILE_BYTES:
            raise FileFormatError(
                f"{path} must have 1 to {MAX_FILE_BYTES - 1} bytes, got {size}; "
                "save larger weights as external data beside it"
            )
        raw = path.read_bytes()
    except FileAccessError:
        raise
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror}; check the path") from error
    model = onnx.ModelProto()
    try:
        model.ParseFromString(raw)
    except Exception as error:  # protobuf raises types of its own, which differ between its versions
        raise FileFormatError(f"{path} must be an ONNX model, cannot be parsed; export it again") from error
    if not model.HasField("graph") or not model.graph.node:
        raise FileFormatError(f"{path} must hold a graph with nodes, got none; export it again")
    _check(path, model)
    if not model.functions:
        return model
    try:
        whole = inlined(model, MAX_NODES)
    except FileFormatError as error:
        raise FileFormatError(f"{path}: {error}") from error
    except Exception as error:  # onnx's inliner raises types of its own
        raise FileFormatError(
            f"{path} must define functions that onnx can write out, cannot be read; export it again"
        ) from error
    _check(path, whole)
    return whole


def _graphs(model: ModelProto) -> Iterable[GraphProto]:
    """Yield the graph and the graphs inside its nodes (branches, loops)."""
    waiting = [model.graph]
    while waiting:
        graph = waiting.pop()
        yield graph
        for node in graph.node:
            for attribute in node.attribute:
                waiting += [attribute.g] if attribute.HasField("g") else []
                waiting += attribute.graphs


def _check(path: Path, model: ModelProto) -> None:
    nodes = tensors = 0
    for graph in _graphs(model):
        nodes += len(graph.node)
        tensors += len(graph.initializer)
        if nodes > MAX_NODES or tensors > MAX_TENSORS:
            raise FileFormatError(
                f"{path} must hold at most {MAX_NODES} nodes and {MAX_TENSORS} tensors, got more; split the network"
            )
        for tensor in graph.initializer:
            _check_tensor(path, tensor)
        for node in graph.node:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    _check_tensor(path, attribute.t)


def _check_tensor(path: Path, tensor: TensorProto) -> None:
    if len(tensor.dims) > MAX_RANK or any(size < 0 for size in tensor.dims):
        raise FileFormatError(
            f"{path}: tensor {tensor.name!r} must have at most {MAX_RANK} sizes of 0 or more, "
            f"got {list(tensor.dims)[: MAX_RANK + 1]}; export it again"
        )
    for entry in tensor.external_data:
        place = PurePosixPath(entry.value.replace("\\", "/"))
        if entry.key == "location" and (place.is_absolute() or ".." in place.parts or ":" in entry.value[:2]):
            raise FileFormatError(
                f"{path}: the weights of {tensor.name!r} must lie in the file's own folder, got {entry.value!r}; "
                "save them beside it"
            )
