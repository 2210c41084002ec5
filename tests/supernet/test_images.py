"""A folder of pictures: what is read, how it is split, and what is said of folders that cannot be used."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dsim.errors import DsimError
from dsim.supernet.images import read_images
from dsim.supernet.pictures import read_picture
from dsim.supernet.split import content_keys, take_share
from tests.supernet.small import CLASSES, write_digits


def test_parts_hold_every_picture_once(digits: Path) -> None:
    images = read_images(digits, 32)
    sizes = [len(part) for part in (images.train, images.search, images.test)]
    # of 40 pictures a class: 15% are 6; of the 34 that are left, 10% are 3
    assert sizes == [CLASSES * (40 - 6 - 3), CLASSES * 3, CLASSES * 6]
    assert images.train.images.shape[1:] == (1, 32, 32)
    assert images.classes == tuple(f"digit-{n}" for n in range(CLASSES))
    assert images.notes == ()


def test_split_follows_content_and_seed_not_names(digits: Path, tmp_path: Path) -> None:
    other = tmp_path / "renamed"
    for file in digits.glob("*/*.png"):
        place = other / file.parent.name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place / f"x{1000 - int(file.stem)}.png")
    one, two, third = read_images(digits, 32), read_images(other, 32), read_images(digits, 32, seed=1)

    def contents(part: np.ndarray) -> set[bytes]:
        return {image.tobytes() for image in part}

    assert contents(one.test.images) == contents(two.test.images)
    assert contents(one.test.images) != contents(third.test.images)


def test_equal_pictures_are_never_in_two_parts() -> None:
    images = np.repeat(np.arange(20, dtype=np.uint8), 5).reshape(100, 1, 1, 1)
    away, left = take_share(content_keys(images, 0), np.zeros(100, np.int64), 0.33)
    assert len(away) == 35  # 33 rounded up to whole groups of five
    assert not set(images[away].ravel()) & set(images[left].ravel())


def test_a_folder_of_parts_keeps_them(tmp_path: Path) -> None:
    for part, count in (("train", 20), ("val", 5), ("test", 7)):
        write_digits(tmp_path / part, count)
    images = read_images(tmp_path, 16)
    assert [len(part) for part in (images.train, images.search, images.test)] == [20 * 4, 5 * 4, 7 * 4]
    assert images.train.images.shape[2:] == (16, 16)


def test_pictures_of_every_kind(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 16).astype(np.uint8)[None].repeat(16, 0)
    Image.fromarray(ramp).save(tmp_path / "grey.png")
    Image.fromarray(ramp.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(np.stack([ramp, ramp * 0, ramp], 2)).save(tmp_path / "colour.jpg")
    Image.fromarray(np.stack([ramp] * 4, 2)).save(tmp_path / "alpha.png")
    assert np.array_equal(read_picture(tmp_path / "grey.png", 16)[0], ramp)
    assert np.array_equal(read_picture(tmp_path / "deep.png", 16)[0], ramp)  # 257 times the byte, in 16 bits
    colour = read_picture(tmp_path / "colour.jpg", 16)
    assert colour.shape == (3, 16, 16)
    assert colour[1].max() < 40  # red and blue alone, but for what JPEG loses
    assert read_picture(tmp_path / "alpha.png", 8).shape == (3, 8, 8)


def test_a_broken_picture_is_named_and_left_out(tmp_path: Path) -> None:
    folder = write_digits(tmp_path / "data", 20)
    broken = folder / "digit-1" / "3.png"
    broken.write_bytes(broken.read_bytes()[:60])
    (folder / "digit-2" / "notes.txt").write_text("hello")
    images = read_images(folder, 32)
    assert sum(len(part) for part in (images.train, images.search, images.test)) == 79
    assert any(str(broken) in note for note in images.notes)
    assert any("notes.txt" in note for note in images.notes)


def _remove_all_but(count: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for file in sorted((folder / "digit-1").iterdir())[count:]:
            file.unlink()

    return change


def _one_class(folder: Path) -> None:
    for number in (1, 2, 3):
        shutil.rmtree(folder / f"digit-{number}")


def _loose(folder: Path) -> None:
    for file in folder.glob("*/*.png"):
        file.rename(folder / f"{file.parent.name}-{file.name}")
    for place in folder.iterdir():
        if place.is_dir():
            place.rmdir()


def _all_broken(folder: Path) -> None:
    for file in (folder / "digit-0").iterdir():
        file.write_bytes(b"no picture")


def _odd_name(folder: Path) -> None:
    (folder / "digit-0").rename(folder / "digit\n0")


def _stray_part(folder: Path) -> None:
    (folder / "digit-0").rename(folder / "train")


def _all_equal(folder: Path) -> None:
    first, *others = sorted((folder / "digit-0").iterdir())
    for file in others:
        shutil.copy(first, file)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_remove_all_but(3), "digit-1 must hold at least 10 pictures that can be read, got 3"),
        (_one_class, "at least two class folders with pictures, got one"),
        (_loose, "must hold class folders, got pictures such as"),
        (
            _all_broken,
            "digit-0 must hold at least 10 pictures that can be read, got 0 (12 broken ones were left out)",
        ),
        (_odd_name, "a name with characters that cannot be printed"),
        (_stray_part, "holds train/ and beside it also"),
        (_all_equal, "must hold different pictures"),
        (shutil.rmtree, "must be a folder of class folders, and does not exist"),
    ],
)
def test_bad_folders_end_in_one_line(change: Callable[[Path], None], words: str, tmp_path: Path) -> None:
    folder = write_digits(tmp_path / "data", 12)
    change(folder)
    with pytest.raises(DsimError) as caught:
        read_images(folder, 32)
    text = str(caught.value)
    assert words in text
    assert "\n" not in text
    assert ";" in text  # what to do follows


def test_px_has_a_range(digits: Path) -> None:
    with pytest.raises(DsimError, match="px must be from 16 to 512, got 8"):
        read_images(digits, 8)
