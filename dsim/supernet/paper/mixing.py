"""What happens to a batch on its way into the network: parts are erased, and pictures and labels are mixed in pairs.

Random erasing (https://arxiv.org/abs/1708.04896), mixup (https://arxiv.org/abs/1710.09412), CutMix (https://arxiv.org/abs/1905.04899).
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor

from dsim.supernet.paper.settings import CUTMIX, CUTMIX_SHARE, ERASE_SHARE, MIXUP

AREA, RATIO = (0.02, 1 / 3), (0.3, 1 / 0.3)  # of what is erased
TRIES = 10

Box = tuple[int, int, int, int]  # top, bottom, left, right


def erase(images: Tensor, rng: np.random.Generator) -> None:
    """Fill a box of some pictures (N, 3, H, W) with noise, in place."""
    height, width = images.shape[-2:]
    for number in np.flatnonzero(rng.random(len(images)) < ERASE_SHARE):
        if (box := _box(height, width, rng)) is None:
            continue
        top, bottom, left, right = box
        noise = rng.standard_normal((images.shape[1], bottom - top, right - left), dtype=np.float32)
        images[int(number), :, top:bottom, left:right] = torch.from_numpy(noise).to(images)


def _box(height: int, width: int, rng: np.random.Generator) -> Box | None:
    for _ in range(TRIES):
        area = height * width * rng.uniform(*AREA)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        high, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < high < height and 0 < wide < width:
            top, left = int(rng.integers(0, height - high + 1)), int(rng.integers(0, width - wide + 1))
            return top, top + high, left, left + wide
    return None


def mix(images: Tensor, labels: Tensor, classes: int, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mix each picture of a batch with the one as far from the end; returns pictures, and shares (N, classes) of classes."""
    cut = rng.random() < CUTMIX_SHARE
    share = float(rng.beta(CUTMIX, CUTMIX) if cut else rng.beta(MIXUP, MIXUP))
    other = images.flip(0)
    if cut:
        top, bottom, left, right = cut_box(images.shape[-2], images.shape[-1], share, rng)
        images = images.clone()
        images[..., top:bottom, left:right] = other[..., top:bottom, left:right]
        share = 1.0 - (bottom - top) * (right - left) / (images.shape[-2] * images.shape[-1])
    else:
        images = share * images + (1.0 - share) * other
    whole = F.one_hot(labels, classes).float()
    return images.contiguous(memory_format=torch.channels_last), share * whole + (1.0 - share) * whole.flip(0)


def cut_box(height: int, width: int, share: float, rng: np.random.Generator) -> Box:
    """Return a box of 1 - ``share`` of a picture's area around a random place, cut off at the edges."""
    high, wide = (int(side * math.sqrt(1.0 - share)) for side in (height, width))
    y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
    top, left = max(y - high // 2, 0), max(x - wide // 2, 0)
    return top, min(y + high // 2, height), left, min(x + wide // 2, width)
