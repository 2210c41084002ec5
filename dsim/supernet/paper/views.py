"""One view of a training picture: a random crop, a flip, and RandAugment (https://arxiv.org/abs/1909.13719)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dsim.supernet.paper.settings import (
    RANDAUGMENT_LEVEL,
    RANDAUGMENT_OPS,
    RANDAUGMENT_SHARE,
    RANDAUGMENT_SPREAD,
    SCALING,
)

if TYPE_CHECKING:
    from PIL import Image as Pillow

    Change = Callable[[Pillow.Image, float, int], Pillow.Image]  # picture, strength 0 to 1, sign

AREA, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)  # of a crop
TRIES = 10
FILL = tuple(round(255 * mean) for mean in SCALING.mean)  # behind a picture that is moved


def view(picture: Pillow.Image, px: int, flip: bool, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a view (3, px, px) of a picture; all that is random comes from ``rng``."""
    from PIL import Image

    box = crop(picture.width, picture.height, rng)
    seen = picture.resize((px, px), Image.Resampling.BICUBIC, box=box)
    if flip and rng.random() < 0.5:
        seen = seen.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    changes = tuple(CHANGES.values())
    for number in rng.integers(0, len(changes), RANDAUGMENT_OPS):
        level, sign = rng.normal(RANDAUGMENT_LEVEL, RANDAUGMENT_SPREAD), 1 if rng.random() < 0.5 else -1
        if rng.random() < RANDAUGMENT_SHARE:
            seen = changes[number](seen, min(max(level, 0.0), 10.0) / 10.0, sign)
    return np.ascontiguousarray(np.moveaxis(np.asarray(seen, dtype=np.uint8), 2, 0))


def crop(width: int, height: int, rng: np.random.Generator) -> tuple[float, float, float, float]:
    """Return a random box inside a picture, by share of the area and by ratio of the sides; the middle where none fits."""
    for _ in range(TRIES):
        area = width * height * rng.uniform(*AREA)
        ratio = math.exp(rng.uniform(math.log(RATIO[0]), math.log(RATIO[1])))
        wide, high = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 0 < wide <= width and 0 < high <= height:
            left, top = int(rng.integers(0, width - wide + 1)), int(rng.integers(0, height - high + 1))
            return left, top, left + wide, top + high
    wide, high = min(width, round(height * RATIO[1])), min(height, round(width / RATIO[0]))
    left, top = (width - wide) // 2, (height - high) // 2
    return left, top, left + wide, top + high


def _moved(picture: Pillow.Image, *terms: float) -> Pillow.Image:
    """Return a picture through an affine map of its pixels' places."""
    from PIL import Image

    return picture.transform(
        picture.size, Image.Transform.AFFINE, terms, resample=Image.Resampling.BICUBIC, fillcolor=FILL
    )


def _turned(picture: Pillow.Image, strength: float, sign: int) -> Pillow.Image:
    from PIL import Image

    return picture.rotate(sign * 30.0 * strength, resample=Image.Resampling.BICUBIC, fillcolor=FILL)


def _enhanced(name: str) -> Change:
    def change(picture: Pillow.Image, strength: float, sign: int) -> Pillow.Image:
        from PIL import ImageEnhance

        enhanced: Pillow.Image = getattr(ImageEnhance, name)(picture).enhance(
            max(0.1, 1 + sign * 0.9 * strength)
        )
        return enhanced

    return change


def _solar_added(picture: Pillow.Image, strength: float, sign: int) -> Pillow.Image:
    """Make what is darker than the middle lighter."""
    values = np.asarray(picture)
    lighter = np.minimum(values.astype(np.int16) + int(110 * strength), 255)
    return _like(np.where(values < 128, lighter, values).astype(np.uint8))


def _like(values: NDArray[np.uint8]) -> Pillow.Image:
    from PIL import Image

    return Image.fromarray(values)


def _operation(name: str, *more: float) -> Change:
    def change(picture: Pillow.Image, strength: float, sign: int) -> Pillow.Image:
        from PIL import ImageOps

        done: Pillow.Image = getattr(ImageOps, name)(picture, *more)
        return done

    return change


def _posterized(picture: Pillow.Image, strength: float, sign: int) -> Pillow.Image:
    from PIL import ImageOps

    bits = 4 - int(4 * strength)
    return ImageOps.posterize(picture, bits) if bits else _like(np.zeros_like(np.asarray(picture)))


def _solarized(picture: Pillow.Image, strength: float, sign: int) -> Pillow.Image:
    from PIL import ImageOps

    return ImageOps.solarize(picture, 256 - int(256 * strength))


# the fifteen changes of RandAugment, each stronger the higher the level
CHANGES: dict[str, Change] = {
    "contrast stretched": _operation("autocontrast"),
    "equalised": _operation("equalize"),
    "inverted": _operation("invert"),
    "turned": _turned,
    "posterised": _posterized,
    "solarised": _solarized,
    "dark made lighter": _solar_added,
    "colour": _enhanced("Color"),
    "contrast": _enhanced("Contrast"),
    "brightness": _enhanced("Brightness"),
    "sharpness": _enhanced("Sharpness"),
    "sheared across": lambda picture, strength, sign: _moved(picture, 1, sign * 0.3 * strength, 0, 0, 1, 0),
    "sheared along": lambda picture, strength, sign: _moved(picture, 1, 0, 0, sign * 0.3 * strength, 1, 0),
    "moved across": lambda picture, strength, sign: _moved(
        picture, 1, 0, sign * 0.45 * strength * picture.width, 0, 1, 0
    ),
    "moved along": lambda picture, strength, sign: _moved(
        picture, 1, 0, 0, 0, 1, sign * 0.45 * strength * picture.height
    ),
}
