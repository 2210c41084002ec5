"""The journal of contrasts: JSON lines, one a visit of a shape, with every run, so that intervals can be made anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dsim.arch import Activation, Norm
from dsim.errors import FileFormatError, InvalidValueError
from dsim.measure.contrast import Shape, Variant
from dsim.measure.journal import Journal, append_line, read_lines

SUFFIX = ".contrasts.jsonl"


@dataclass(frozen=True)
class Chain:
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

    variant: Variant
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


@dataclass(frozen=True)
class Visit:
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


def append_visit(journal: Journal, visit: Visit) -> None:
    """Add a visit, so that it is on the disk when this returns.

    Raises
    ------
    FileAccessError
        The file cannot be written.
    """
    append_line(journal.path, _to_dict(visit))


def read_visits(journal: Journal) -> tuple[Visit, ...]:
    """Read what was timed; a last line that was cut off is left out.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        A line breaks a rule.
    """
    out = []
    for number, (where, raw) in enumerate(read_lines(journal.path)):
        if not number:
            continue
        try:
            out.append(_from_dict(raw))
        except (InvalidValueError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise FileFormatError(
                f"{where}: does not describe timed blocks: {error}; remove the line or give --fresh"
            ) from error
    return tuple(out)


def _to_dict(visit: Visit) -> dict[str, Any]:
    return {
        "size": visit.shape.size,
        "width": visit.shape.width,
        "visit": visit.number,
        "load": round(visit.load, 2),
        "seen": {
            name: [
                {
                    "activation": str(one.variant.activation),
                    "norm": str(one.variant.norm),
                    "copies": one.copies,
                    "turns": list(one.turns),
                    "ms": [round(value, 4) for value in one.ms],
                }
                for one in chains
            ]
            for name, chains in visit.seen.items()
        },
        "failed": dict(visit.failed),
    }


def _from_dict(raw: Mapping[str, Any]) -> Visit:
    seen = {
        str(name): tuple(
            Chain(
                Variant(Activation(one["activation"]), Norm(one["norm"])),
                int(one["copies"]),
                tuple(int(turn) for turn in one["turns"]),
                tuple(float(value) for value in one["ms"]),
            )
            for one in chains
        )
        for name, chains in raw["seen"].items()
    }
    return Visit(
        Shape(int(raw["size"]), int(raw["width"])),
        int(raw["visit"]),
        float(raw["load"]),
        seen,
        dict(raw["failed"]),
    )
