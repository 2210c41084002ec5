"""Write Fashion-MNIST's files as a folder of PNGs, as a user's own pictures would lie."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.claims.fashion.inputs import Inputs, Work

CLASSES = (
    "t-shirt",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle-boot",
)
SEARCH = 5_000  # the last of the training images


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read a gzipped idx file of bytes (format: http://yann.lecun.com/exdb/mnist/)."""
    raw = gzip.decompress(path.read_bytes())
    dimensions = raw[3]
    shape = [int.from_bytes(raw[4 + 4 * i : 8 + 4 * i], "big") for i in range(dimensions)]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def write_pictures(source: Path, inputs: Inputs, work: Work) -> None:
    """Write train/, val/ and test/.

    Parameters
    ----------
    source
        Folder with train-images-idx3-ubyte.gz and its three companions.
    """
    from PIL import Image

    for part, prefix in (("train", "train"), ("val", "train"), ("test", "t10k")):
        images = read_idx(source / f"{prefix}-images-idx3-ubyte.gz")
        labels = read_idx(source / f"{prefix}-labels-idx1-ubyte.gz")
        chosen = {
            "train": range(inputs.train_images),
            "val": range(len(images) - SEARCH, len(images)),
            "test": range(len(images)),
        }[part]
        for number in chosen:
            folder = work.pictures / part / CLASSES[labels[number]]
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(images[number]).save(folder / f"{number:05d}.png")
