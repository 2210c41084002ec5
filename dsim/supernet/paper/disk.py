"""Pictures that stay on disk until a step asks for them: an ImageNet-like folder does not fit into memory."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from dsim.errors import FileFormatError, InvalidValueError
from dsim.supernet.folder import list_folder
from dsim.supernet.images import LEAST_PX, MOST_PX, Images, Part
from dsim.supernet.paper.settings import CROP
from dsim.supernet.pictures import BrokenPictureError, open_picture

if TYPE_CHECKING:
    from PIL import Image as Pillow

MOST_TRIES = 20  # pictures that are tried in place of one that cannot be read


@dataclass(frozen=True)
class OnDisk:
    """Pictures of a `Part`, read when they are asked for: ``pictures[0:8]`` is an array (8, 3, px, px), as tests see them.

    Attributes
    ----------
    paths
        The files.
    px
        Height and width.
    """

    paths: tuple[Path, ...]
    px: int

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: slice | NDArray[np.int64]) -> NDArray[np.uint8]:
        numbers = np.arange(len(self))[index]
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            return np.stack(list(pool.map(lambda number: seen(self.picture(int(number)), self.px), numbers)))

    def picture(self, number: int) -> Pillow.Image:
        """Open a picture in colour; one that cannot be read gives its place to the next.

        Raises
        ------
        FileFormatError
            Many behind each other cannot be read.
        """
        why = ""
        for offset in range(min(MOST_TRIES, len(self))):
            try:
                return open_picture(self.paths[(number + offset) % len(self)]).convert("RGB")
            except BrokenPictureError as error:
                why = why or str(error)
        raise FileFormatError(
            f"{self.paths[number]} and the {MOST_TRIES - 1} behind it cannot be read as pictures ({why}); put them back"
        )


def seen(picture: Pillow.Image, px: int) -> NDArray[np.uint8]:
    """Return the middle (3, px, px) of a picture that is scaled until `CROP` of its shorter side fits."""
    from PIL import Image

    side = CROP * min(picture.size)
    left, top = (picture.width - side) / 2, (picture.height - side) / 2
    middle = picture.resize((px, px), Image.Resampling.BICUBIC, box=(left, top, left + side, top + side))
    return np.ascontiguousarray(np.moveaxis(np.asarray(middle, dtype=np.uint8), 2, 0))


def images_on_disk(folder: str | Path, px: int) -> Images:
    """List a folder with train/ and val/ of class folders; pictures are read when they are asked for.

    All of train/ is trained on. The model is tested on test/ where the folder has one, else on val/, as published results are.

    Raises
    ------
    FileAccessError
        The folder cannot be read.
    FileFormatError
        It is laid out otherwise.
    InvalidValueError
        ``px`` is out of its range.
    """
    if not LEAST_PX <= px <= MOST_PX:
        raise InvalidValueError(f"px must be from {LEAST_PX} to {MOST_PX}, got {px}; the paper's is 224")
    root = Path(folder)
    listing = list_folder(root)
    if not {"train", "val"} <= set(listing.files):
        raise FileFormatError(
            f"{root} must hold train/ and val/ for the paper's recipe, as ImageNet does, got {', '.join(filter(None, listing.files)) or 'class folders'};"
            " make them, or train by --recipe plain"
        )
    digest = hashlib.sha256("\0".join(listing.classes).encode())
    parts = {}
    for name, files in listing.files.items():
        for label, path in files:  # names and sizes: reading every picture would take as long as an epoch
            digest.update(f"{name}\0{label}\0{path.name}\0{path.stat().st_size}\n".encode())
        labels = np.array([label for label, _ in files], np.int64)
        pictures = OnDisk(tuple(path for _, path in files), px)
        parts[name] = Part(cast("NDArray[np.uint8]", pictures), labels)
    tested = "test" if "test" in parts else "val"
    return Images(
        root.resolve().name,
        listing.classes,
        parts["train"],
        parts["val"],
        parts[tested],
        px,
        digest.hexdigest(),
        f"the folder's own parts; tested on {tested}/",
        listing.notes,
    )
