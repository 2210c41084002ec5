"""Read the times of a study's designs from the files that a user has, each under the name that the plan gave it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from dsim.device.add.found import FoundNetwork
from dsim.device.add.read import read_measurements
from dsim.device.add.wanted import Wanted
from dsim.device.add.wrong import refuse
from dsim.errors import FileFormatError, InvalidValueError

_NAME = re.compile(r"design-[0-9a-f]{8}")


def paths_of(results: str | Path | Sequence[str | Path]) -> tuple[Path, ...]:
    """Return the files with times, one of which may stand alone.

    Raises
    ------
    InvalidValueError
        There is none.
    """
    paths = (results,) if isinstance(results, str | Path) else tuple(results)
    if not paths:
        raise InvalidValueError("times must be in one file at least, got none; name it")
    return tuple(Path(path) for path in paths)


def read_times(
    paths: Sequence[Path], names: Sequence[str]
) -> tuple[tuple[tuple[int, FoundNetwork], ...], tuple[str, ...]]:
    """Read the times of designs, each with its place among names, and the names whose rows are all without a time.

    Raises
    ------
    FileFormatError
        A file cannot be read as times, has none, or names another design.
    """
    read = read_measurements(paths, wanted=Wanted(skip_empty=True, known=tuple(names)))
    refuse(list(read.wrong))
    found = []
    for one in read.networks:
        named = _NAME.findall(one.reference) or _NAME.findall(one.graph)
        if not named or named[-1] not in names:
            raise FileFormatError(
                f"{one.where}: a time must be of one of the study's designs, got {one.reference[:80]!r}; name it as its folder "
                f"is called, such as {names[0]}"
            )
        found.append((names.index(named[-1]), one))
    if not found:
        raise FileFormatError(
            f"{paths[0]} must hold a time of one design at least, got none; type it into the design's row"
        )
    timed = {names[row] for row, _ in found}
    empty = dict.fromkeys(name for text in read.untimed for name in _NAME.findall(text)[-1:])
    return tuple(found), tuple(name for name in empty if name not in timed)


def times_of(
    paths: Sequence[Path], names: Sequence[str]
) -> tuple[dict[int, list[float]], set[int], tuple[str, ...]]:
    """Read the times of designs, by their place among names, which of them are known to leave the accelerator, and which have no time.

    Raises
    ------
    FileFormatError
        A file cannot be read as times, has none, or names another design.
    """
    times: dict[int, list[float]] = defaultdict(list)
    read, untimed = read_times(paths, names)
    for row, one in read:
        if not one.cliff:
            times[row].append(one.latency_ms)
    return dict(times), {row for row, one in read if one.cliff}, untimed
