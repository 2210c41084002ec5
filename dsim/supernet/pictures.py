"""One picture file as numbers: whole files only, upright, square, at the size of training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dsim.files import first_line
from dsim.packages import need

if TYPE_CHECKING:
    from PIL import Image as Pillow

SUFFIXES = (".jpg", ".jpeg", ".png")
MOST_PIXELS = 80_000_000  # below what Pillow warns of; a picture of absurd size would fill the memory


class BrokenPictureError(ValueError):
    """A file cannot be read as a picture; the message says why. `read_images` names the file and leaves it out."""


def require_pillow() -> None:
    """Refuse early where Pillow is missing.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    need("PIL.Image", "reading pictures", "supernet")


def read_picture(path: Path, px: int) -> NDArray[np.uint8]:
    """Read one JPEG or PNG.

    Parameters
    ----------
    px
        Height and width of the result. Other sizes are scaled until the shorter side fits; the middle is kept.

    Returns
    -------
    array
        (1, px, px) for grey pictures, (3, px, px) for colour, from 0 to 255.

    Raises
    ------
    BrokenPictureError
        The file is not a whole picture.
    """
    from PIL import Image, ImageOps  # deferred: of all verbs, only those with pictures need Pillow

    picture = open_picture(path)
    if picture.size != (px, px):
        picture = ImageOps.fit(picture, (px, px), method=Image.Resampling.BICUBIC)
    values = np.asarray(picture, dtype=np.uint8)
    return values[None] if values.ndim == 2 else np.moveaxis(values, 2, 0)


def open_picture(path: Path) -> Pillow.Image:
    """Open one JPEG or PNG, upright, as grey or RGB.

    Raises
    ------
    BrokenPictureError
        The file is not a whole picture.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=("JPEG", "PNG")) as file:
            if file.width * file.height > MOST_PIXELS:
                raise BrokenPictureError(
                    f"it has {file.width} x {file.height} pixels, more than {MOST_PIXELS:,}"
                )
            return _plain(ImageOps.exif_transpose(file))
    except Exception as error:  # Pillow's readers raise types of their own
        raise BrokenPictureError(first_line(error)) from error


def _plain(picture: Pillow.Image) -> Pillow.Image:
    """Return the picture as grey or RGB."""
    from PIL import Image

    if picture.mode.startswith("I"):  # 16 bits of grey; convert() would cut instead of scale
        return Image.fromarray((np.asarray(picture).astype(np.uint32) >> 8).clip(0, 255).astype(np.uint8))
    return picture.convert("L" if picture.mode in ("1", "L", "LA") else "RGB")
