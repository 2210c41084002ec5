"""What lies in the folder of a trained model, beside its code and weights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dsim.files import read_text
from dsim.records import from_toml
from dsim.supernet.augment import Scaling
from dsim.supernet.place import DESIGN
from dsim.supernet.spec import TrainSpec

ASKED, RESULT = DESIGN, "result.toml"
MADE = "name a folder that `dsim train` made"


@dataclass(frozen=True)
class DesignHeader:
    """What determines the weights of a design; kept in ``training.toml``."""

    asked: TrainSpec
    arch: str
    start: str
    fingerprint: str


@dataclass(frozen=True)
class Trained:
    """A design that was trained and tested.

    Attributes
    ----------
    accuracy
        Percent of the test pictures that it gets right.
    low, high
        Ends of the interval of that accuracy, for other pictures of the same kind, at 95%.
    search_accuracy
        The same of the pictures on which designs are compared: those who chose the design have seen them.
    test_images, train_images
        How many pictures it was tested on, and how many there are to train on.
    images
        Pictures that were shown.
    trained
        On what, and how long.
    start
        Where the weights began.
    px, classes, scaling
        What the network's input is: pictures of that side, scaled; and the names of its scores.
    teacher
        Who taught it beside the labels; empty for nobody.
    """

    accuracy: float
    low: float
    high: float
    search_accuracy: float
    test_images: int
    train_images: int
    images: int
    trained: str
    start: str
    px: int
    classes: tuple[str, ...]
    scaling: Scaling
    teacher: str = ""


def read_header(folder: str | Path) -> DesignHeader:
    """Read what was asked for.

    Raises
    ------
    FileAccessError
        The folder cannot be read, or holds no training.
    FileFormatError
        The file is something else.
    """
    path = Path(folder) / ASKED
    return from_toml(DesignHeader, read_text(path, MADE), str(path), MADE)


def read_trained(folder: str | Path) -> tuple[DesignHeader, Trained]:
    """Read what was asked for, and what was reached.

    Raises
    ------
    FileAccessError
        The folder cannot be read, or its training has not ended.
    FileFormatError
        A file in it is something else.
    """
    path = Path(folder) / RESULT
    return read_header(folder), from_toml(Trained, read_text(path, MADE), str(path), MADE)
