"""What a file of measurements may call a network: data only, so that no file makes dsim run code."""

from __future__ import annotations

import re
from pathlib import Path

from dsim.errors import FileFormatError, UnknownNameError
from dsim.graph import Graph
from dsim.graph.files import is_network_file
from dsim.graph.foreign import said_of_foreign
from dsim.graph.read import as_graph
from dsim.latency.names import find_key

ARCH = "arch.json"  # the design in an export's folder; the folder names it


def resolve(reference: str, folder: Path, where: str) -> tuple[str, Graph | None]:
    """Return a network's key, and its graph where dsim does not bring it.

    Parameters
    ----------
    reference
        A name that `dsim.latency.names.find_key` knows, or the path of a network's file (.onnx, .tflite, .mlpackage,
        .mlmodel, .pt2), of an arch.json, or of an export's folder, which holds one (as ``dsim confirm --out`` names them).
    folder
        What relative paths start from.
    where
        File and row, for messages.

    Raises
    ------
    FileFormatError
        It is none of these, or stands for several sides; the message names the choices.
    DsimError
        The file that it names cannot be read.
    """
    if (folder / reference / ARCH).is_file():
        return resolve(f"{reference}/{ARCH}", folder, where)
    if is_network_file(reference) or reference.lower().endswith(".json"):
        path = folder / reference
        if is_network_file(reference):
            graph = as_graph(path, None)
        else:
            from dsim.arch.named import read_design  # deferred: most files name no design

            graph = read_design(str(path)).to_graph()
        side = graph.inputs[0].shape[-1]
        path = Path(reference)
        stem = path.parent.name if path.name == ARCH and path.parent.name else path.stem
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", stem)
        return f"own-{name}@{side}", graph
    if said := said_of_foreign(folder / reference):
        raise FileFormatError(f"{where}: {reference} {said}")
    try:
        return find_key(reference), None
    except UnknownNameError as error:
        raise FileFormatError(
            f"{where}: {error}; or give the path of its .onnx, .tflite, .mlpackage, .pt2 or arch.json file, "
            "or say what a name of your own stands for: --map NAME=resnet50"
        ) from error
