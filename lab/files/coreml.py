"""Write the tiny network as Core ML files without its weights: ``python -m lab.files.coreml FOLDER`` (needs dsim[coreml]).

One is a package with an ML program, the other a file of the older kind. Readers need no weights, and a few kilobytes are enough to
hold them against the network.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dsim.export.coreml_package import INPUT, write_package
from dsim.export.torch_program import trace_module
from lab.files.tiny import IMAGE, tiny


def older_model(module: nn.Module, image: torch.Tensor) -> Any:
    """Convert a module into the specification of an older neural network (coremltools.proto.Model_pb2.Model)."""
    import coremltools as ct

    program = trace_module(module, (image,)).run_decompositions({})
    inputs = [ct.TensorType(name=INPUT, shape=tuple(image.shape))]
    return ct.convert(program, convert_to="neuralnetwork", inputs=inputs).get_spec()


def drop_weights(message: Any) -> None:
    """Take the values of weights out of a specification; constants stay."""
    for field, value in message.ListFields():
        if field.name == "loadConstantND":
            continue
        if field.name in ("floatValue", "float16Value", "rawValue"):
            message.ClearField(field.name)
        for one in value if isinstance(value, Sequence) else (value,):
            if hasattr(one, "ListFields"):  # a message
                drop_weights(one)


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description="Write the tiny network as Core ML files without weights.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny.mlpackage"
    write_package(tiny(), (torch.zeros(IMAGE),), path, "A tiny network.")
    shutil.rmtree(path / "Data" / "com.apple.CoreML" / "weights")
    for note in path.glob("*debug*"):
        note.unlink()
    model = older_model(tiny(), torch.zeros(IMAGE))
    drop_weights(model)
    (folder / "tiny_older.mlmodel").write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()
