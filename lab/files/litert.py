"""Write the tiny network as LiteRT files: ``python -m lab.files.litert FOLDER`` (needs dsim[litert], two minutes).

tiny.tflite         float32, as dsim export --to litert converts
tiny_int8.tflite    whole numbers of 8 bits, weights with a scale for each channel, by AI Edge Quantizer
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lab.files.tiny import IMAGE, tiny

SIGNATURE, INPUT = "serving_default", "args_0"
IMAGES = 4  # noise that ranges of activations are taken from


def main() -> None:
    """Parse and write."""
    parser = argparse.ArgumentParser(description="Write the tiny network as LiteRT files.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    write_float(folder / "tiny.tflite")
    write_int8(folder / "tiny.tflite", folder / "tiny_int8.tflite")


def write_float(path: Path) -> None:
    """Convert the network; images have their channels last, as the runtime's do."""
    import litert_torch

    module = litert_torch.to_channel_last_io(tiny(), args=[0]).eval()
    litert_torch.convert(module, (torch.zeros(IMAGE).permute(0, 2, 3, 1).contiguous(),)).export(str(path))


def write_int8(source: Path, path: Path) -> None:
    """Quantise a file: weights and activations in 8 bits."""
    from ai_edge_quantizer import quantizer, recipe

    batch, channels, height, width = IMAGE
    draw = np.random.default_rng(0)
    images: list[dict[str, Any]] = [
        {INPUT: draw.standard_normal((batch, height, width, channels)).astype(np.float32)}
        for _ in range(IMAGES)
    ]
    made = quantizer.Quantizer(str(source))
    made.load_quantization_recipe(recipe.static_wi8_ai8())
    made.quantize(made.calibrate({SIGNATURE: images})).export_model(str(path), overwrite=True)


if __name__ == "__main__":
    main()
