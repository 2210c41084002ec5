"""Home: the folder of a supernet, and what each of its files is. No file runs anything when it is read.

``supernet.toml``
    What was asked for, the pictures' fingerprint and split, how pictures are scaled, the plan.
``state.safetensors``
    Weights, the optimiser's moments, and the steps that are done.
``curve.parquet``
    Loss by step.
``evaluated.parquet``, ``importance.parquet``
    Sub-networks with their loss and accuracy on the search pictures; what each block is worth.
``ledger.json``
    Planned and spent.
``alone-*.safetensors``
    A design that is being trained alone: see `dsim.supernet.anchors.train_alone`.
``.lock``
    Held by the process that writes here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import polars as pl

from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import first_line, make_folder, read_text, write_atomic
from dsim.locks import sole_writer
from dsim.records import from_rows, from_toml, to_rows, to_toml
from dsim.supernet.augment import Scaling
from dsim.supernet.images import Images
from dsim.supernet.place import SUPERNET
from dsim.supernet.spec import IMPORTANCES, TrainSpec

R = TypeVar("R")
FORMAT = 1
_REMEDY = "name a folder that `dsim supernet train` made"


@dataclass(frozen=True)
class Header:
    """What ``supernet.toml`` holds.

    Attributes
    ----------
    asked
        What determines the weights, with the images that were asked for.
    images
        The images that are shown, fewer than asked for where the time did not allow them.
    data
        Folder of the pictures, as it was given.
    name, classes, counts, fingerprint, split, notes
        Of the pictures; ``counts`` are those of training, search and test.
    scaling
        From bytes to the network's input.
    forecast_seconds
        On the clock, for training and importance together.
    torch
        Version that trained it.
    """

    asked: TrainSpec
    images: int
    data: str
    name: str
    classes: tuple[str, ...]
    counts: tuple[int, int, int]
    fingerprint: str
    split: str
    notes: tuple[str, ...]
    scaling: Scaling
    forecast_seconds: float
    torch: str
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise InvalidValueError(f"format must be {FORMAT}, got {self.format}; use the dsim that wrote it")
        if self.asked.importance not in IMPORTANCES:
            raise InvalidValueError(
                f"importance must be one of {', '.join(IMPORTANCES)}, got {self.asked.importance!r}; choose one of them"
            )

    @property
    def spec(self) -> TrainSpec:
        """What is trained: what was asked for, with the images that are shown."""
        return replace(self.asked, images=self.images)

    def trained_on(self) -> str:
        """Return the words that stand beside every figure."""
        return f"on {self.name}, {self.images:,} images seen"

    def fits(self, images: Images) -> bool:
        """Tell whether pictures are those that it was trained on."""
        return images.fingerprint == self.fingerprint


class Home:
    """The folder of one supernet."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    @property
    def header_path(self) -> Path:
        """``supernet.toml``."""
        return self.folder / SUPERNET

    @property
    def state_path(self) -> Path:
        """``state.safetensors``."""
        return self.folder / "state.safetensors"

    @property
    def ledger_path(self) -> Path:
        """``ledger.json``."""
        return self.folder / "ledger.json"

    @contextmanager
    def alone(self) -> Iterator[bool]:
        """Keep other processes from writing here meanwhile; yield False where this process holds the folder already.

        Raises
        ------
        UnavailableError
            Another process writes here.
        """
        with sole_writer(self.folder, again=True) as first:
            yield first

    def write_header(self, header: Header) -> None:
        """Begin the folder.

        Raises
        ------
        FileAccessError
            It cannot be written.
        """
        make_folder(self.folder)
        write_atomic(self.header_path, to_toml(header))

    def read_header(self) -> Header:
        """Read what `write_header` wrote.

        Raises
        ------
        FileAccessError
            There is no such folder, or it holds no supernet.
        FileFormatError
            It is not what `write_header` writes.
        """
        return from_toml(Header, read_text(self.header_path, _REMEDY), str(self.header_path), _REMEDY)

    def write_table(self, name: str, rows: Sequence[R], kind: type[R]) -> None:
        """Keep records as a table, whole or not at all."""
        buffer = io.BytesIO()
        to_rows(rows, kind).write_parquet(buffer)
        write_atomic(self.folder / f"{name}.parquet", buffer.getvalue())

    def read_table(self, name: str, kind: type[R]) -> tuple[R, ...]:
        """Read the records of a table; one that is not there yet is empty.

        Raises
        ------
        FileFormatError
            It is not such a table.
        """
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            return ()
        try:
            frame = pl.read_parquet(path)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FileFormatError(
                f"{path} must be a table, and is not ({first_line(error)}); remove it"
            ) from error
        return from_rows(kind, frame, str(path), "remove it")
