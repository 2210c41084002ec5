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
"""

from __future__ import annotations

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

from dsim.errors import DsimError, FileFormatError
from dsim.files import first_line, make_folder, read_toml, write_atomic
from dsim.records import record_from_dict
from dsim.supernet.augment import Scaling
from dsim.supernet.choices import space_from_plain
from dsim.supernet.images import Images
from dsim.supernet.spec import TrainSpec

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

    @property
    def spec(self) -> TrainSpec:
        """What is trained: what was asked for, with the images that are shown."""
        from dataclasses import replace

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
        return self.folder / "supernet.toml"

    @property
    def state_path(self) -> Path:
        """``state.safetensors``."""
        return self.folder / "state.safetensors"

    @property
    def ledger_path(self) -> Path:
        """``ledger.json``."""
        return self.folder / "ledger.json"

    def write_header(self, header: Header) -> None:
        """Begin the folder.

        Raises
        ------
        FileAccessError
            It cannot be written.
        """
        make_folder(self.folder)
        raw: dict[str, Any] = {
            "format": FORMAT,
            "asked": header.asked.to_dict(),
            "data": {
                "folder": header.data,
                "name": header.name,
                "classes": list(header.classes),
                "train": header.counts[0],
                "search": header.counts[1],
                "test": header.counts[2],
                "fingerprint": header.fingerprint,
                "split": header.split,
                "left_out": list(header.notes),
            },
            "scaling": {key: list(value) for key, value in asdict(header.scaling).items()},
            "plan": {
                "images": header.images,
                "forecast_seconds": header.forecast_seconds,
                "torch": header.torch,
            },
        }
        write_atomic(self.header_path, tomli_w.dumps(raw))

    def read_header(self) -> Header:
        """Read what `write_header` wrote.

        Raises
        ------
        FileAccessError
            There is no such folder, or it holds no supernet.
        FileFormatError
            It is not what `write_header` writes.
        """
        raw = read_toml(self.header_path, _REMEDY)
        try:
            if raw["format"] != FORMAT:
                raise FileFormatError(
                    f"format must be {FORMAT}, got {raw['format']!r}; use the dsim that made it"
                )
            asked = dict(raw["asked"])
            space = space_from_plain(asked.pop("space"), "asked.space")
            data, plan = raw["data"], raw["plan"]
            return Header(
                asked=TrainSpec(space=space, **asked),
                images=plan["images"],
                data=data["folder"],
                name=data["name"],
                classes=tuple(data["classes"]),
                counts=(data["train"], data["search"], data["test"]),
                fingerprint=data["fingerprint"],
                split=data["split"],
                notes=tuple(data["left_out"]),
                scaling=record_from_dict(Scaling, raw["scaling"]),
                forecast_seconds=plan["forecast_seconds"],
                torch=plan["torch"],
            )
        except (KeyError, TypeError, AttributeError, DsimError) as error:
            raise FileFormatError(
                f"{self.header_path} must be the head of a supernet, and is not ({first_line(error)}); {_REMEDY}"
            ) from error

    def write_table(self, name: str, frame: pl.DataFrame) -> None:
        """Keep a table, whole or not at all."""
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        write_atomic(self.folder / f"{name}.parquet", buffer.getvalue())

    def read_table(self, name: str, schema: dict[str, Any]) -> pl.DataFrame:
        """Read a table; one that is not there yet is empty.

        Raises
        ------
        FileFormatError
            It is not such a table.
        """
        path = self.folder / f"{name}.parquet"
        if not path.exists():
            return pl.DataFrame(schema=schema)
        try:
            frame = pl.read_parquet(path)
            return frame.select([pl.col(column).cast(kind) for column, kind in schema.items()])
        except (pl.exceptions.PolarsError, OSError) as error:
            raise FileFormatError(
                f"{path} must be a table with {', '.join(schema)}, and is not ({first_line(error)}); remove it"
            ) from error
