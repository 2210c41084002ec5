"""What was verified about a written file, and what a caller sees of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dsim.errors import ExportError
from dsim.export.precision import FLOAT32, Precision, exact_and_held

if TYPE_CHECKING:
    from torch import Tensor

    from dsim.export.subject import Subject

SMALLEST = 1e-3  # scores of a module that was never trained may be so near 0 that float16 has no digits left


@dataclass(frozen=True)
class Difference:
    """How far the scores of a written file are from torch's, on one image.

    Attributes
    ----------
    max_abs
        Largest absolute difference of a score.
    largest
        Largest absolute score of torch's.
    allowed
        Most that a difference may be.
    by
        The program that ran the file.
    held
        Name of the format of numbers where the difference is its rounding, as float64 tells; empty where it is too small to
        ask.
    """

    max_abs: float
    largest: float
    allowed: float
    by: str
    held: str = ""

    def __str__(self) -> str:
        """One line for people."""
        why = f": what {self.held} can hold through this depth, told by float64" if self.held else ""
        return (
            f"max abs difference to torch {self.max_abs:.1e} (scores up to {self.largest:.3g}, allowed "
            f"{self.allowed:.1e}{why}), run by {self.by}"
        )


@dataclass(frozen=True)
class Findings:
    """What a form's check found: the difference of scores, and one line for each other fact."""

    difference: Difference
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Exported:
    """What an export wrote and verified.

    Attributes
    ----------
    files
        What lies in the folder now.
    difference
        None for PyTorch source, which is not run.
    checks
        Lines that say what was verified; they are in the README too.
    """

    files: tuple[Path, ...]
    difference: Difference | None = None
    checks: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim export --json`` prints."""
        return {"files": [str(path) for path in self.files], "checks": list(self.checks)}


def listed(ops: Iterable[str]) -> str:
    """Count ops by name, most first, for a line of findings."""
    counts = Counter(ops)
    return f"{counts.total()} ops: " + ", ".join(f"{count} {op}" for op, count in counts.most_common())


def compare(
    scores: Tensor, subject: Subject, relative: float, by: str, precision: Precision = FLOAT32
) -> Difference:
    """Compare a file's scores with torch's; where they differ more than usual, compare both with float64.

    Parameters
    ----------
    relative
        What is never asked about, as a fraction of the largest score (of SMALLEST, if that is less).
    precision
        The file's format of numbers: a difference that its rounding explains is no fault.

    Raises
    ------
    ExportError
        They are further apart than rounding explains, or of another shape.
    """
    wanted = subject.scores
    if scores.shape != wanted.shape:
        raise ExportError(
            f"{by} must give scores of shape {tuple(wanted.shape)}, got {tuple(scores.shape)}; report this design"
        )
    largest = float(wanted.abs().max())
    found = Difference(
        float((scores.double() - wanted.double()).abs().max()), largest, relative * max(SMALLEST, largest), by
    )
    if found.max_abs <= found.allowed:
        return found
    if math.isfinite(found.max_abs):  # a score that is no number must not pass
        exact, held = exact_and_held(subject, precision)
        found = replace(found, allowed=max(held, found.allowed), held=precision.name)
        off = float((scores.double() - exact).abs().max())
        if max(off, found.max_abs) <= found.allowed:
            return found
    raise ExportError(
        f"the file must give torch's scores, got: {found}; nothing was kept, report this design"
    )
