"""Write the tiny network as a Core ML package without its weights: ``python -m lab.files.coreml FOLDER`` (needs dsim[coreml]).

Readers need no weights, and a package of a few kilobytes is enough to hold them against the network.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch

from dsim.export.coreml_package import write_package
from lab.files.tiny import IMAGE, tiny


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(
        description="Write the tiny network as a Core ML package without weights."
    )
    parser.add_argument("folder", type=Path)
    path: Path = parser.parse_args().folder / "tiny.mlpackage"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_package(tiny(), (torch.zeros(IMAGE),), path, "A tiny network.")
    shutil.rmtree(path / "Data" / "com.apple.CoreML" / "weights")
    for note in path.glob("*debug*"):
        note.unlink()


if __name__ == "__main__":
    main()
