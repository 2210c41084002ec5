"""The course of a machine's speed while a profile was measured, as the profile keeps it in measured.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dsim.device.fields import read_toml
from dsim.errors import InvalidValueError
from dsim.records import from_plain, shown

KEY = "drift"
MEASURED = "measured.toml"
ANCHORS, NETWORKS = "anchors", "networks"
_TELLERS = (ANCHORS, NETWORKS)


@dataclass(frozen=True)
class KeptDrift:
    """How much slower than usual a machine was, by minute; every figure of the profile has it divided out.

    Attributes
    ----------
    told_by
        ``anchors``, networks that were timed again and again; or ``networks``, what all runtimes' times have in common
        beside what a model predicts of them.
    minutes, percent, error_percent
        The course: moments, how much longer everything took than usual, and the standard deviation of that.
    spread_percent, length_min
        Standard deviation of the drift, and the minutes after which it is another.
    scatter_percent
        Of the readings around the course, by kind.
    unexplained_min
        Stretches, from and to, in which readings contradict one another.
    left_out
        How many networks of the profile were timed in them, and are left out.

    Raises
    ------
    InvalidValueError
        The course has not as many figures as moments, or ``told_by`` is something else.
    """

    told_by: str
    minutes: tuple[float, ...]
    percent: tuple[float, ...]
    error_percent: tuple[float, ...]
    spread_percent: float
    length_min: float
    scatter_percent: Mapping[str, float]
    unexplained_min: tuple[tuple[float, float], ...] = ()
    left_out: int = 0

    def __post_init__(self) -> None:
        if self.told_by not in _TELLERS:
            raise InvalidValueError(
                f"told_by must be {' or '.join(_TELLERS)}, got {shown(self.told_by)}; correct it"
            )
        if not len(self.minutes) == len(self.percent) == len(self.error_percent) > 0:
            raise InvalidValueError(
                f"a course must have a figure and an error for each minute, got {len(self.minutes)} minutes, "
                f"{len(self.percent)} figures and {len(self.error_percent)} errors; correct them"
            )


def read_drift(folder: Path) -> KeptDrift | None:
    """Read the course of a profile; None where none was kept.

    Raises
    ------
    FileFormatError
        It breaks a rule.
    """
    path = folder / MEASURED
    if not path.exists():
        return None
    kept = read_toml(path).get(KEY)
    return None if kept is None else from_plain(KeptDrift, kept, f"{path}, {KEY}", "remove the table")
