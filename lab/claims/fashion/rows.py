"""The rows of the experiment, one for each finished piece of work, and the tables that several workers add them to."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dsim.supernet.home import Home
from lab.claims.fashion.inputs import FOLDER, Work

R = TypeVar("R")


@dataclass(frozen=True)
class Training:
    """One design that was trained alone.

    Attributes
    ----------
    design
        `Subnet.text`.
    seed, images
        Of its training.
    search_loss, search_accuracy, test_loss, test_accuracy
        Mean cross entropy; percent.
    cpu_seconds
        What it took.
    """

    design: str
    seed: int
    images: int
    search_loss: float
    search_accuracy: float
    test_loss: float
    test_accuracy: float
    cpu_seconds: float


@dataclass(frozen=True)
class Estimate:
    """What one estimator says of one ranked design; higher is better."""

    design: str
    estimator: str
    value: float


@dataclass(frozen=True)
class Pick:
    """The design that an arm proposes for a device.

    Attributes
    ----------
    latency_ms, high_ms
        Predicted for the device at 224 px.
    other_high_ms
        The same design's upper latency on the other device.
    evaluations
        Sub-networks that the arm evaluated, for all devices together.
    planned_seconds, cpu_seconds
        Of the whole arm for all devices: at the unit costs, and as measured.
    """

    arm: str
    search_seed: int
    device: str
    design: str
    latency_ms: float
    high_ms: float
    other_high_ms: float
    evaluations: int
    planned_seconds: float
    cpu_seconds: float


@contextmanager
def locked(path: Path, wait: bool = True) -> Iterator[bool]:
    """Hold a file for this process alone; False where another one has it and there is no waiting."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def read_table(name: str, kind: type[R]) -> tuple[R, ...]:
    """Read a table of studies/fashion; one that is not there yet is empty."""
    return Home(FOLDER).read_table(name, kind)


def add_rows(work: Work, name: str, rows: tuple[R, ...], kind: type[R]) -> None:
    """Add rows to a table, whoever else adds to it."""
    with locked(work.locks / f"table-{name}"):
        Home(FOLDER).write_table(name, (*read_table(name, kind), *rows), kind)
