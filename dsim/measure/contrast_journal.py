"""The journal of contrasts: JSON lines, one a visit of a shape, with every run, so that intervals can be made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dsim.arch import Activation, Norm
from dsim.errors import InvalidValueError
from dsim.measure.contrast import BlockOptions, Shape
from dsim.measure.journal import REMEDY, Journal, after_head, append_line
from dsim.records import HasForm, from_plain, to_plain

SUFFIX = ".contrasts.jsonl"


@dataclass(frozen=True)
class ChainForm:
    """A chain as a line of the journal holds it; see `Chain`."""

    activation: Activation
    norm: Norm
    copies: int
    turns: tuple[int, ...]
    ms: tuple[float, ...]


@dataclass(frozen=True)
class Chain(HasForm):
    """Runs of one network of some copies of a block.

    Attributes
    ----------
    variant, copies
        What it is.
    turns, ms
        Of each undisturbed run: its turn, and its milliseconds.

    Raises
    ------
    InvalidValueError
        There is no run, not as many turns as runs, or a figure that is not positive.
    """

    variant: BlockOptions
    copies: int
    turns: tuple[int, ...]
    ms: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.ms or len(self.ms) != len(self.turns):
            raise InvalidValueError(
                f"a chain must have runs and a turn for each, got {len(self.ms)} and {len(self.turns)}; time it again"
            )
        if self.copies < 1 or min(self.turns) < 0 or not all(0 < value < 1e9 for value in self.ms):
            raise InvalidValueError(
                f"copies, turns and milliseconds of a chain must be positive, got {self.copies} copies; time it again"
            )

    @classmethod
    def form(cls) -> type[ChainForm]:
        """Return the record that stands for a chain in a line."""
        return ChainForm

    def to_form(self) -> ChainForm:
        """Return the chain as a line holds it, with the digits that a measurement has."""
        ms = tuple(round(value, 4) for value in self.ms)
        return ChainForm(self.variant.activation, self.variant.norm, self.copies, self.turns, ms)

    @classmethod
    def from_form(cls, form: ChainForm) -> Chain:
        """Make a chain of what a line holds."""
        return cls(BlockOptions(form.activation, form.norm), form.copies, form.turns, form.ms)


@dataclass(frozen=True)
class VisitForm:
    """A visit as a line of the journal holds it; see `Visit`."""

    size: int
    width: int
    visit: int
    load: float
    seen: Mapping[str, tuple[Chain, ...]]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class Visit(HasForm):
    """All chains of one shape, loaded anew and timed in turns.

    Attributes
    ----------
    shape, number
        Which shape, and the how-manieth visit of it, from 0.
    load
        Of the machine.
    seen
        Chains by backend.
    failed
        Why a backend has none, or not all.
    """

    shape: Shape
    number: int
    load: float
    seen: Mapping[str, tuple[Chain, ...]]
    failed: Mapping[str, str]

    @classmethod
    def form(cls) -> type[VisitForm]:
        """Return the record that stands for a visit in a line."""
        return VisitForm

    def to_form(self) -> VisitForm:
        """Return the visit as a line holds it."""
        shape = self.shape
        return VisitForm(shape.size, shape.width, self.number, round(self.load, 2), self.seen, self.failed)

    @classmethod
    def from_form(cls, form: VisitForm) -> Visit:
        """Make a visit of what a line holds."""
        return cls(Shape(form.size, form.width), form.visit, form.load, form.seen, form.failed)


def append_visit(journal: Journal, visit: Visit) -> None:
    """Add a visit, so that it is on the disk when this returns.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    append_line(journal.path, to_plain(visit))


def read_visits(journal: Journal) -> tuple[Visit, ...]:
    """Read what was timed; a last line that was cut off is left out.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        A line breaks a rule.
    """
    return tuple(from_plain(Visit, raw, where, REMEDY) for where, raw in after_head(journal.path))
