"""What a file of measurements holds, before its networks are looked up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dsim.device.add.time_units import LONGEST_MS, MS_PER
from dsim.device.add.wrong import Wrong
from dsim.device.placements import Placement
from dsim.device.profile import MeasuredOp
from dsim.errors import FileFormatError, InvalidValueError
from dsim.graph.graph import Graph

LICENCE = "the user's own"
MAX_BYTES = 20_000_000  # a file may come from a stranger
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class FoundNetwork:
    """One measured network.

    Attributes
    ----------
    where
        File and row, for messages.
    reference
        As the file names it: a bundled graph, a preset, or the path of a network's file or arch.json.
    latency_ms
        Milliseconds for one image.
    source
        Where the figure comes from.
    layers_npu, layers_other
        How many layers ran on the neural accelerator and off it, None where the file does not say.
    error_ms
        Standard error of the figure, None where the file does not say.
    cliff
        Evidence that the network left the accelerator; empty where there is none.
    graph
        Key of its graph where the file's names are a list of their own; empty where ``reference`` is to be looked up.
    batch
        Images of one run; above 1 the figure is a throughput's, and ``latency_ms`` its milliseconds per image.
    beside
        What else the file tells of its runs, by names of `dsim.device.profile.BESIDE`.
    unit_in_cells
        Whether only cells name the unit: neither a header nor the format of the file does.
    """

    where: str
    reference: str
    latency_ms: float
    source: str
    layers_npu: int | None = None
    layers_other: int | None = None
    error_ms: float | None = None
    cliff: str = ""
    graph: str = ""
    batch: int = 1
    beside: Mapping[str, float] = field(default_factory=dict)
    unit_in_cells: bool = False


@dataclass(frozen=True, slots=True)
class FoundStack:
    """What a file says of the stack, where it says all of it; the others take theirs from a bundled profile.

    Attributes
    ----------
    soc
        The chip; empty where the file does not name it.
    compute_unit, runtime, precision, layout, threads
        As profiles have them.
    passes
        What the runtime does to a graph at load time.
    protocol, stated
        How it was timed: a word for it, and a sentence.
    """

    soc: str
    compute_unit: str
    runtime: str
    precision: str
    layout: str
    threads: str
    passes: tuple[str, ...]
    protocol: str
    stated: str

    def about(self, name: str, title: str) -> dict[str, Any]:
        """Return the keys of profile.toml."""
        chip = self.soc or name
        return {
            "soc": self.soc or "unstated",
            "chip": chip,
            "compute_unit": self.compute_unit,
            "runtime": self.runtime,
            "precision": self.precision,
            "layout": self.layout,
            "batch": "1",
            "threads": self.threads,
            "measures": "latency",
            "group": "user",
            "pool": name,
            "licence": LICENCE,
            "passes": list(self.passes),
            "reference": {"protocol": self.protocol, "model": title, "stated": self.stated},
            "models": {title: chip},
            "protocols": {self.protocol: self.stated},
            "defaults": {"lab": "user", "licence": LICENCE},
        }


@dataclass(frozen=True, slots=True)
class FoundKernels:
    """Times of one network's kernels in the order in which they ran: TFLite's names of operators, and milliseconds."""

    where: str
    reference: str
    kernels: tuple[tuple[str, float], ...]
    source: str


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """One row of a lookup table: where it stands, its cells by the names of their columns, and its milliseconds."""

    where: str
    cells: Mapping[str, str]
    latency_ms: float


@dataclass(frozen=True, slots=True)
class FoundTable:
    """A lookup table of blocks.

    Attributes
    ----------
    path
        The file.
    device
        The profile that it was written for; empty where the file does not say.
    classes
        Class scores of its heads.
    constant_ms
        What no block carries.
    blocks
        Its rows.
    """

    path: str
    device: str
    classes: int
    constant_ms: float
    blocks: tuple[FoundBlock, ...]

    @property
    def priced(self) -> int:
        """How many rows are a model's prices: those that dsim wrote and nobody has marked as measured."""
        return sum(block.cells.get("evidence", "").strip() not in ("", "measured") for block in self.blocks)


@dataclass(frozen=True)
class Found:
    """Everything that the files hold, and what was left out with the reason.

    Attributes
    ----------
    networks, ops, kernels
        The figures.
    notes
        What the user should know.
    graphs
        Networks that a file brings along, by the key that ``networks`` names them with.
    stack
        None where the files do not say what they were measured on.
    measured
        What is kept beside the figures and never learned from.
    tables
        Lookup tables of blocks.
    contrasts, blocks
        Rows of contrasts.csv but for the phone model, and the graphs that they name.
    placements
        Where operators of whole networks ran.
    untimed
        Networks whose rows have no latency, where such rows are skipped.
    wrong
        Rows that break a rule; `dsim.device.add.wrong.refuse` raises them together.
    """

    networks: tuple[FoundNetwork, ...] = ()
    ops: tuple[MeasuredOp, ...] = ()
    kernels: tuple[FoundKernels, ...] = ()
    notes: tuple[str, ...] = field(default=())
    graphs: Mapping[str, Graph] = field(default_factory=dict)
    stack: FoundStack | None = None
    measured: Mapping[str, Any] = field(default_factory=dict)
    wrong: tuple[Wrong, ...] = ()
    contrasts: tuple[Mapping[str, str], ...] = ()
    blocks: Mapping[str, Graph] = field(default_factory=dict)
    tables: tuple[FoundTable, ...] = ()
    placements: tuple[Placement, ...] = ()
    untimed: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        """Put two files together.

        Raises
        ------
        InvalidValueError
            They were measured on different stacks.
        """
        if self.stack and other.stack and self.stack != other.stack:
            raise InvalidValueError(
                f"the files of one profile must come from one device and stack, got {self.stack.stated!r} and "
                f"{other.stack.stated!r}; make a profile of each"
            )
        return Found(
            self.networks + other.networks,
            self.ops + other.ops,
            self.kernels + other.kernels,
            self.notes + other.notes,
            {**self.graphs, **other.graphs},
            self.stack or other.stack,
            {**self.measured, **other.measured},
            self.wrong + other.wrong,
            self.contrasts + other.contrasts,
            {**self.blocks, **other.blocks},
            self.tables + other.tables,
            self.placements + other.placements,
            self.untimed + other.untimed,
        )


def milliseconds(value: object, unit: str, where: str) -> float:
    """Turn a latency into milliseconds.

    Raises
    ------
    FileFormatError
        It is not a positive, finite number of at most an hour.
    """
    try:
        found = float(str(value)) * MS_PER[unit]
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or not 0 < found <= LONGEST_MS:
        raise FileFormatError(
            f"{where}: a latency must be a positive number, got {str(value)[:40]!r}; correct it"
        )
    return found
