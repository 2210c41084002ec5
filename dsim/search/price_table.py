"""The lookup table of a device: every block of a space with its price, so that a design is a sum (EfficientFormer, section 3.3)."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.arch import Arch
from dsim.arch.block_rows import COLUMNS, CONSTANT, BlockRow, row_of
from dsim.arch.lower import Part, part_graph
from dsim.device.add.block_table import FIRST_LINE, KEYS
from dsim.device.find import find_profile, name_at_batch
from dsim.device.rough import rough_note
from dsim.errors import InvalidValueError
from dsim.files import make_folder, write_atomic
from dsim.latency import Basis, load_model
from dsim.latency.additive import additive
from dsim.progress import working
from dsim.records import to_plain
from dsim.search.identified import keep_identified
from dsim.search.piece_vectors import PieceVectors
from dsim.search.random_designs import random_design
from dsim.search.result import NotIdentified
from dsim.search.space import Space
from dsim.search.space_file import as_space
from dsim.search.space_pieces import parts_of
from dsim.summaries import Summarised, Summary

if TYPE_CHECKING:
    import polars as pl

REFERENCES = 200  # random designs in which the model shares out the time
CHECKS = 1000  # further ones, on which sums are compared with predictions
EXACT = 1e-6  # sums that are off by less, as a share, are called exact
CLASSES = 1000
SUREST_FIRST = list(Basis)


@dataclass(frozen=True, repr=False)
class PriceTable(Summarised):
    """The lookup table of a device.

    Attributes
    ----------
    device, resolution, classes
        What the prices are for: the profile, the side of the image, the class scores.
    rows
        Every piece of the space's designs with its price, and one row of what no piece carries.
    median_off, worst_off
        How far sums of rows are off what the model predicts, as shares of it, over CHECKS random designs of the space.
    not_identified
        Choices of the space that the device's evidence cannot price, and that have no rows.
    notes
        What the reader should know.
    """

    device: str
    resolution: int
    classes: int
    rows: tuple[BlockRow, ...]
    median_off: float
    worst_off: float
    not_identified: tuple[NotIdentified, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def constant_ms(self) -> float:
        """Milliseconds that no piece carries."""
        return next(row.latency_ms for row in self.rows if row.part == CONSTANT)

    @property
    def exact(self) -> bool:
        """True where prices add up to what the model predicts."""
        return self.worst_off < EXACT

    def latency_ms(self, arch: Arch) -> float:
        """Return the sum of a design's rows and the constant, in milliseconds.

        Raises
        ------
        InvalidValueError
            The design has a piece that the table has no row of, or other class scores.
        """
        if arch.num_classes != self.classes:
            raise InvalidValueError(
                f"a design must have the table's {self.classes} class scores, got {arch.num_classes}; its head has no row"
            )
        total = self.constant_ms
        for scope, part in arch.parts():
            key = _key(row_of(part, arch.resolution))
            if key not in self._prices:
                raise InvalidValueError(
                    f"the table must have a row of each piece of a design, and has none of its {scope}; make the table of a "
                    "space that holds it (--space)"
                )
            total += self._prices[key]
        return total

    @cached_property
    def _prices(self) -> Mapping[tuple[object, ...], float]:
        return {_key(row): row.latency_ms for row in self.rows}

    def says(self) -> tuple[str, ...]:
        """Return what a reader must know, a line each: what sums are, how far they are off, what has no row."""
        sums = (
            "Prices add up: a sum is what dsim predicts."
            if self.exact
            else f"Sums differ from what dsim predicts by {self.median_off:.2%} (median) and at most {self.worst_off:.2%}, over "
            f"{CHECKS:,} random designs of the space."
        )
        least = sum(row.evidence == "unsupported" for row in self.rows)
        return (
            "A design takes the constant, its stem, its head, its downsamplers and its blocks, each as often as it has it.",
            sums,
            "Prices are a model's, not measurements of blocks; evidence says what the least known operator of a row rests on.",
            *(
                (
                    f"{least} rows hold an operator that nothing like was measured: their prices are often too low.",
                )
                if least
                else ()
            ),
            *(
                f"No rows with {item.choice} {', '.join(item.dropped)}: this device's measurements cannot tell what it costs beside "
                f"{item.kept}."
                for item in self.not_identified
            ),
            *self.notes,
        )

    def summary(self) -> Summary:
        """Return what the table holds, and how far its sums can be trusted."""
        parts = [row.part for row in self.rows]
        counts = ", ".join(f"{parts.count(part)} {part}" for part in dict.fromkeys(parts))
        rows = [
            ("rows", counts),
            ("constant", f"{self.constant_ms:.3g} ms"),
            *(("note", line) for line in self.says()),
        ]
        return Summary(f"Lookup table: {self.device} at {self.resolution} px", tuple(rows))

    def to_frame(self) -> pl.DataFrame:
        """Return the rows as a polars table."""
        import polars as pl  # deferred: it takes a while to load

        return pl.DataFrame([asdict(row) for row in self.rows], infer_schema_length=None)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``dsim table --json`` prints: what the file says beside its rows."""
        return {
            "device": self.device,
            "resolution": self.resolution,
            "classes": self.classes,
            "rows": len(self.rows),
            "constant_ms": self.constant_ms,
            "median_off": self.median_off,
            "worst_off": self.worst_off,
            "not_identified": to_plain(self.not_identified),
            "notes": list(self.says()),
        }

    def to_csv(self) -> str:
        """Return the file that ``dsim table`` writes: remarks that begin with #, then a row for each piece."""
        about = dict(zip(KEYS, (self.device, self.resolution, self.classes), strict=True))
        out = io.StringIO()
        out.write(FIRST_LINE + "\n")
        out.writelines(f"# {key}: {value}\n" for key, value in about.items())
        out.writelines(f"# {line}\n" for line in self.says())
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in self.rows:
            writer.writerow([_cell(value) for value in asdict(row).values()])
        return out.getvalue()

    def write(self, path: str | Path) -> None:
        """Write that file.

        Raises
        ------
        FileAccessError
            It cannot be written.
        """
        make_folder(Path(path).parent)
        write_atomic(Path(path), self.to_csv())


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.9g}"
    return "" if value is None else str(value)


def _key(row: BlockRow) -> tuple[object, ...]:
    values = asdict(row)
    return tuple(value for name, value in values.items() if name not in ("latency_ms", "evidence"))


def price_table(
    device: str, space: Space | str | Path | None = None, *, batch: int | None = None
) -> PriceTable:
    """Price every block of a space on a device.

    Parameters
    ----------
    device
        Name of a device profile, e.g. ``"iphone12"``.
    space
        What designs may have, or the path of its TOML file; `Space()` by default.
    batch
        Images in a run, for a profile that was measured at several; its smallest by default.

    Returns
    -------
    PriceTable
        ``rows``, ``latency_ms(arch)``, ``to_frame()``, ``write(path)``.

    Raises
    ------
    UnknownNameError
        There is no such device.
    """
    name = name_at_batch(device, batch)
    profile, model = find_profile(name), load_model(name)
    kept, dropped = keep_identified(as_space(space) or Space(), model.identified)
    vectors = PieceVectors(model)
    parts = parts_of(kept)
    with working(f"reading the blocks of the space for {name}", total=len(parts), unit="blocks") as work:
        for done, part in enumerate(parts, 1):
            vectors.of(part)
            work.step(done)
    phi = np.array([vectors.whole(arch) for arch in _drawn(kept, REFERENCES + CHECKS)])
    prices = additive(model, phi[:REFERENCES])
    predicted = model.price(phi[REFERENCES:]).latency_ms
    off = np.abs(prices.ms(phi[REFERENCES:]) + prices.constant_ms - predicted) / predicted
    own_ms = prices.ms(np.array([vectors.of(part) for part in parts]))

    def row(part: Part, latency_ms: float) -> BlockRow:
        basis = [model.seen.of(placed.kernel) for placed in model.kernels(part_graph(part))]
        known = str(max(basis, key=SUREST_FIRST.index, default=""))
        return replace(row_of(part, kept.resolution), latency_ms=latency_ms, evidence=known)

    constant = BlockRow(part=CONSTANT, latency_ms=prices.constant_ms)
    rough = rough_note(profile)
    batched = f"Milliseconds are of one run of {profile.batch} images." if profile.batch != 1 else ""
    return PriceTable(
        name,
        kept.resolution,
        CLASSES,
        (constant, *(row(part, float(ms)) for part, ms in zip(parts, own_ms, strict=True))),
        float(np.median(off)),
        float(off.max()),
        dropped,
        tuple(note for note in (rough, batched) if note),
    )


def _drawn(space: Space, count: int) -> list[Arch]:
    rng = random.Random(0)
    return [random_design(rng, space) for _ in range(count)]
