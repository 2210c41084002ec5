"""A clock that was set back: what a killed run left is dated a year ahead, and so are the pictures and the cache that it read.

Times of files stand for the clock itself, which a test cannot set.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from signal import SIGKILL

from dsim.places import cache_dir
from lab.validate.survival.place import Place, places
from lab.validate.survival.rows import Row, Rows
from lab.validate.survival.works import EACH

HARM, COUNT = "clock set back a year", 20
AHEAD_S = 366 * 86400.0


def run(rows: Rows, count: int) -> None:
    """Take so many cases in all."""
    with places(EACH) as made:
        for name in EACH:
            for number in rows.left(HARM, name, range(-(-count // len(EACH)))):
                rows.keep(set_back(made[name], number))


def set_back(place: Place, number: int) -> Row:
    """Kill a run, date its files ahead, and go on with it."""
    folder = place.root / f"dated-{number}"
    place.stop(folder, number, SIGKILL)
    dates = _dates(folder, place.root / "shared", cache_dir())
    for path in dates:
        os.utime(path, (time.time() + AHEAD_S,) * 2)
    faults = place.goes_on(folder)
    for path, (accessed, modified) in dates.items():
        if path.exists():
            os.utime(path, (accessed, modified))
    shutil.rmtree(folder)
    return Row(HARM, place.work.name, number, faults=tuple(faults))


def _dates(*folders: Path) -> dict[Path, tuple[float, float]]:
    found = [path for folder in folders for path in (folder, *folder.rglob("*"))]
    return {path: (path.stat().st_atime, path.stat().st_mtime) for path in found}
