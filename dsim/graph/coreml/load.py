"""Take Core ML's specification from disk as data. Weights lie in files of their own, which are never opened."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from dsim.errors import FileAccessError, FileFormatError, UnsupportedOpError
from dsim.files import read_bytes
from dsim.graph.coreml.schema import model_class
from dsim.records import parse_json, shown

MAX_SPEC_BYTES = 2**31  # protobuf's own limit
MAX_MANIFEST_BYTES = 2**20
PROGRAM = "mlProgram"
# kinds of models that hold one of the older networks
OLDER = ("neuralNetwork", "neuralNetworkClassifier", "neuralNetworkRegressor")
PIPELINES = ("pipeline", "pipelineClassifier", "pipelineRegressor")


def load_model(path: Path) -> Any:
    """Parse a file or package and return its model (coremltools.proto.Model_pb2.Model), which holds one network.

    Raises
    ------
    MissingPackageError
        coremltools is not installed.
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is no Core ML model.
    UnsupportedOpError
        It holds several models.
    """
    place = _specification(path)
    raw = (
        read_bytes(place, "check the path")
        if place.is_file() and place.stat().st_size < MAX_SPEC_BYTES
        else b""
    )
    if not raw:
        raise FileFormatError(
            f"{path} must hold a model of 1 to {MAX_SPEC_BYTES - 1} bytes, got none; save it again"
        )
    model = model_class()()
    try:
        model.ParseFromString(raw)
    except Exception as error:  # protobuf raises types of its own, which differ between its versions
        raise FileFormatError(f"{path} must be a Core ML model, cannot be parsed; save it again") from error
    kind = model.WhichOneof("Type")
    if kind == PROGRAM or kind in OLDER:
        return model
    if kind in PIPELINES:
        raise UnsupportedOpError(
            f"{path} must hold one network, got a {kind} of several models; save the network by itself"
        )
    raise FileFormatError(
        f"{path} must hold a network, got {kind or 'no model at all'}; save the network again"
    )


def _specification(path: Path) -> Path:
    """Return the file that holds the specification: the file itself, or the one that a package's manifest names.

    Raises
    ------
    FileFormatError
        The manifest is none, or leads out of the package.
    """
    if path.is_file():
        return path
    if not path.is_dir():
        raise FileAccessError(f"{path} cannot be read: there is no such file or package; check the path")
    manifest = path / "Manifest.json"
    if not manifest.is_file() or manifest.stat().st_size > MAX_MANIFEST_BYTES:
        raise FileFormatError(
            f"{path} must be a Core ML package with a Manifest.json, found none; save the model again"
        )
    told = parse_json(read_bytes(manifest, "check the package"), str(manifest), "save the model again")
    try:
        item = str(told["itemInfoEntries"][told["rootModelIdentifier"]]["path"])
    except (LookupError, TypeError) as error:
        raise FileFormatError(
            f"{manifest} must name the root model and its path, names none; save the model again"
        ) from error
    parts = PurePosixPath(item.replace("\\", "/"))
    found = (path / "Data" / parts).resolve()
    if parts.is_absolute() or ".." in parts.parts or not found.is_relative_to(path.resolve()):
        raise FileFormatError(
            f"{manifest} must name a model inside the package, got {shown(item)}; save the model again"
        )
    if not found.is_file():
        raise FileAccessError(
            f"{path} must hold its model at Data/{item[:100]}, found none; copy the whole package"
        )
    return found
