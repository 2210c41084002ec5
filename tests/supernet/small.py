"""A small task: scikit-learn's digits as a folder of PNG files, and a space of small networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from dsim.arch import Mixer
from dsim.search.space import Space
from dsim.supernet.choices import DEFAULT

PX = 32
CLASSES = 4

SMALL: Space = DEFAULT.fixed(
    mixers=((Mixer.POOLING,), (Mixer.CONV3,), (Mixer.CONV3,), (Mixer.POOLING,)),
    widths=((8, 16), (16,), (16, 24), (32,)),
    depths=((1, 2), (1,), (1, 2), (1, 2)),
    attention_blocks=((0, 1), (0,)),
    mlp_ratios=((2.0,), (2.0,), (1.0, 2.0), (2.0,)),
)


def write_digits(folder: Path, per_class: int = 40, classes: int = CLASSES, first: int = 0) -> Path:
    """Write the first digits of each class, from a first one on, as PNG files of 32 px."""
    digits = load_digits()
    for label in range(first, first + classes):
        place = folder / f"digit-{label}"
        place.mkdir(parents=True)
        for number, values in enumerate(digits.images[digits.target == label][:per_class]):
            picture = Image.fromarray((values * 255 / 16).astype(np.uint8))
            picture.resize((PX, PX), Image.Resampling.BILINEAR).save(place / f"{number}.png")
    return folder
