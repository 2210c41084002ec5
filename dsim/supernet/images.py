"""Images: a folder of pictures in memory, split into training, search and test."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsim.errors import FileFormatError, InvalidValueError, UnavailableError
from dsim.progress import working
from dsim.supernet.folder import Listing, list_folder
from dsim.supernet.pictures import BrokenPictureError, read_picture, require_pillow
from dsim.supernet.split import LEAST, SEARCH, TEST, content_keys, take_share

MOST_NOTES = 5  # broken pictures that are named one by one
LEAST_PX, MOST_PX = 16, 512
MEMORY_SHARE = 0.5  # of this machine's memory may be filled with pictures
_CHUNK = 256


@dataclass(frozen=True, eq=False)
class Part:
    """Pictures and their classes.

    Attributes
    ----------
    images
        (N, C, px, px), 0 to 255; C is 1 where all pictures of the data set are grey.
    labels
        (N,), indices of classes.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int64]) -> Part:
        """Return some of the pictures."""
        return Part(self.images[index], self.labels[index])


@dataclass(frozen=True, eq=False)
class Images:
    """A data set.

    Attributes
    ----------
    name
        Of its folder: what outputs call it.
    classes
        Names, in the order of the class scores.
    train, search, test
        What weights are learned from; what designs are compared on; what no step looks at before the end.
    px
        Height and width of every picture.
    fingerprint
        Hash of the pictures at this size, their classes and their split.
    split
        In words, how the parts came about.
    notes
        What was left out, one line each.
    """

    name: str
    classes: tuple[str, ...]
    train: Part
    search: Part
    test: Part
    px: int
    fingerprint: str
    split: str
    notes: tuple[str, ...]


def read_images(folder: str | Path, px: int, seed: int = 0) -> Images:
    """Read a folder of class folders with JPEG or PNG pictures, or train/, val/ and test/ of such.

    A picture that cannot be read is named in ``notes`` and left out.

    Parameters
    ----------
    px
        Height and width at which pictures are kept.
    seed
        Of the split, where the folder has none of its own.

    Raises
    ------
    MissingPackageError
        Pillow is not installed.
    FileAccessError
        The folder cannot be read.
    FileFormatError
        One class, too few pictures, or names that cannot be used.
    InvalidValueError
        ``px`` is out of its range.
    UnavailableError
        The pictures do not fit into this machine's memory.
    """
    require_pillow()
    if not LEAST_PX <= px <= MOST_PX:
        raise InvalidValueError(
            f"px must be from {LEAST_PX} to {MOST_PX}, got {px}; 32 is quick, 224 is what phones often run"
        )
    root = Path(folder)
    listing = list_folder(root)
    _check_memory(sum(map(len, listing.files.values())), px)
    notes = list(listing.notes)
    parts = _read(root, listing, px, notes)
    train, search, test, split = _split(parts, seed)
    _check_parts(root, listing.classes, train, search)
    digest = hashlib.sha256("\0".join(listing.classes).encode())
    for part in (train, search, test):
        digest.update(repr(part.images.shape).encode())
        digest.update(np.ascontiguousarray(part.images).tobytes())
        digest.update(part.labels.tobytes())
    return Images(
        root.resolve().name, listing.classes, train, search, test, px, digest.hexdigest(), split, tuple(notes)
    )


def _check_memory(count: int, px: int) -> None:
    need = count * 3 * px * px
    have = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if need > MEMORY_SHARE * have:
        raise UnavailableError(
            f"{count:,} pictures of {px} px need up to {need / 1e9:.1f} GB of memory, and this machine has "
            f"{have / 1e9:.1f} GB; use a smaller --px"
        )


def _read(root: Path, listing: Listing, px: int, notes: list[str]) -> dict[str, Part]:
    """Read all pictures, leave out the broken ones, and refuse classes with too few."""
    jobs = [(part, label, path) for part, files in listing.files.items() for label, path in files]
    pictures: list[NDArray[np.uint8] | str] = []
    with (
        working("reading pictures", total=len(jobs), unit="pictures") as work,
        ThreadPoolExecutor(max_workers=os.cpu_count()) as pool,
    ):
        for start in range(0, len(jobs), _CHUNK):
            chunk = jobs[start : start + _CHUNK]
            pictures += pool.map(lambda job: _try(job[2], px), chunk)
            work.step(len(pictures))
    bad = [job for job, found in zip(jobs, pictures, strict=True) if isinstance(found, str)]
    broken = [(job[2], found) for job, found in zip(jobs, pictures, strict=True) if isinstance(found, str)]
    notes += [f"left out: {path} cannot be read as a picture: {why}" for path, why in broken[:MOST_NOTES]]
    if len(broken) > MOST_NOTES:
        notes.append(f"left out: {len(broken) - MOST_NOTES} more pictures that cannot be read")
    whole = [(job, found) for job, found in zip(jobs, pictures, strict=True) if not isinstance(found, str)]
    _check_counts(root, listing, [job for job, _ in whole], bad)
    channels = max(len(found) for _, found in whole)
    parts = {}
    for part in listing.files:
        mine = [(job[1], found) for job, found in whole if job[0] == part]
        images = np.empty((len(mine), channels, px, px), np.uint8)
        for place, (_, found) in enumerate(mine):
            images[place] = found  # one channel of grey fills three
        parts[part] = Part(images, np.array([label for label, _ in mine], np.int64))
    return parts


def _try(path: Path, px: int) -> NDArray[np.uint8] | str:
    try:
        return read_picture(path, px)
    except BrokenPictureError as error:
        return str(error)


_Job = tuple[str, int, Path]  # part, label and place of a picture


def _check_counts(root: Path, listing: Listing, jobs: list[_Job], broken: list[_Job]) -> None:
    for part in listing.files:
        least = 1 if part in ("val", "test") else LEAST
        counts = np.bincount(
            [label for name, label, _ in jobs if name == part], minlength=len(listing.classes)
        )
        if counts.min() < least:
            label = int(counts.argmin())
            name, left_out = listing.classes[label], sum(job[:2] == (part, label) for job in broken)
            also = f" ({left_out} broken ones were left out)" if left_out else ""
            raise FileFormatError(
                f"{root / part / name} must hold at least {least} pictures that can be read, got {counts.min()}{also}; "
                "add pictures, or remove the class"
            )


def _check_parts(root: Path, classes: tuple[str, ...], train: Part, search: Part) -> None:
    """Refuse a class that a part lacks, which happens where nearly all of its pictures are equal."""
    for part in (train, search):
        counts = np.bincount(part.labels, minlength=len(classes))
        if not counts.all():
            raise FileFormatError(
                f"{root}: class {classes[int(counts.argmin())]} must hold different pictures, and has too few of them to "
                "train on some and compare on others; add pictures, or remove the class"
            )


def _split(parts: dict[str, Part], seed: int) -> tuple[Part, Part, Part, str]:
    """Take from the training pictures what the folder does not keep apart itself."""
    train = parts.get("train", parts.get(""))
    assert train is not None
    search, test, words = parts.get("val"), parts.get("test"), []
    for name, share in (("test", TEST), ("search", SEARCH)):
        if (test if name == "test" else search) is not None:
            words.append(f"{name}: the folder's own {'val' if name == 'search' else name}/")
            continue
        keys = content_keys(train.images, seed)
        away, left = take_share(keys, train.labels, share)
        taken, train = train.take(away), train.take(left)
        search, test = (search, taken) if name == "test" else (taken, test)
        words.append(f"{name}: {share:.0%} of each class, by the pictures' content and seed {seed}")
    assert search is not None
    assert test is not None
    return train, search, test, "; ".join(words)
