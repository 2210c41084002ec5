"""What a training picture goes through: a shift, a flip, and numbers around zero.

Plain torch on bytes: kornia draws from torch's global state, and these draws must depend on the seed and the step alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dsim.supernet.draws import draws
from dsim.supernet.images import Part

SHIFT = 8  # the picture moves by up to 1/8 of its side
SMALLEST_SPREAD = 1.0  # of 255: a data set of one flat colour has no spread to divide by


@dataclass(frozen=True)
class Scaling:
    """From bytes to numbers around zero; a trained network needs the same at its every use.

    Attributes
    ----------
    mean, std
        Of the training pictures, for red, green and blue, as fractions of 255.
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    @classmethod
    def of(cls, part: Part) -> Scaling:
        """Measure training pictures."""
        values = (
            part.images.astype(np.float32)
            if len(part) < 10_000
            else part.images[:: len(part) // 5_000].astype(np.float32)
        )
        mean = values.mean(axis=(0, 2, 3)) / 255
        std = np.maximum(values.std(axis=(0, 2, 3)), SMALLEST_SPREAD) / 255
        r, g, b = (round(float(v), 6) for v in np.broadcast_to(mean, 3))
        x, y, z = (round(float(v), 6) for v in np.broadcast_to(std, 3))
        return cls((r, g, b), (x, y, z))

    def __call__(self, images: Tensor) -> Tensor:
        """From (N, 1 or 3, H, W) bytes to (N, 3, H, W) numbers; grey becomes three equal channels."""
        mean, std = (
            torch.tensor(values, device=images.device).view(1, 3, 1, 1) * 255
            for values in (self.mean, self.std)
        )
        return ((images.float() - mean) / std).contiguous(memory_format=torch.channels_last)


def augmented(
    images: NDArray[np.uint8], seed: int, step: int, flip: bool, shard: int = 0, shards: int = 1
) -> NDArray[np.uint8]:
    """Shift each picture, with black behind it, and mirror every second one.

    Parameters
    ----------
    images
        (N, C, px, px), those of one shard.
    flip
        False where left and right mean something, as in letters.
    shard, shards
        Which part of the step's batch, of how many; a picture moves alike however many there are.
    """
    rng = draws(seed, "augment", step)
    count, channels, px, _ = images.shape
    whole, mine = count * shards, slice(count * shard, count * (shard + 1))
    reach = max(px // SHIFT, 1)
    padded = np.pad(images, ((0, 0), (0, 0), (reach, reach), (reach, reach)))
    down, right = rng.integers(0, 2 * reach + 1, (2, whole, 1))[:, mine]
    mirrored = rng.random((whole, 1))[mine] < 0.5
    rows = down + np.arange(px)
    columns = right + np.where(mirrored & flip, np.arange(px)[::-1], np.arange(px))
    moved = padded[
        np.arange(count)[:, None, None, None],
        np.arange(channels)[None, :, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
    return np.asarray(moved)
