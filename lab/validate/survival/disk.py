"""A full disk (a small file system in memory), and a folder that another user may not write: one line, and one can go on.

Both need root: to mount, and to become the user ``nobody``, for root writes into any folder.
"""

from __future__ import annotations

import os
import pwd
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from signal import SIGKILL

from dsim.errors import UnavailableError
from lab.validate.survival.place import Place, places
from lab.validate.survival.rows import Row, Rows
from lab.validate.survival.works import EACH

FULL, CLOSED, COUNT = "a full disk", "a folder of another user", 60
SIZE = 64 * 2**20


def run(rows: Rows, count: int) -> None:
    """Take so many cases in all, half of them full disks.

    Raises
    ------
    UnavailableError
        This is not root.
    """
    if os.geteuid():
        raise UnavailableError(
            "full disks and folders of other users need root, got another user; run it as root"
        )
    harms: dict[str, Callable[[Place, int], Row]] = {FULL: fill, CLOSED: close}
    with places(EACH) as made:
        for name in EACH:
            for harm, do in harms.items():
                for number in rows.left(harm, name, range(-(-count // (len(EACH) * len(harms))))):
                    rows.keep(do(made[name], number))


def fill(place: Place, number: int) -> Row:
    """Run where the disk fills up at a random byte of what is written; then make room, and go on."""
    rng = random.Random(f"{place.work.name} {number}")
    disk = place.root / "disk"
    disk.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(disk)], check=True)
    try:
        size = sum(path.stat().st_size for path in place.root.glob("whole-0/**/*") if path.is_file())
        (disk / "other").write_bytes(b"\0" * (SIZE - round(rng.random() * size)))
        said = place.refused(disk / "work")
        (disk / "other").unlink()
        return _row(FULL, place, number, said, place.goes_on(disk / "work"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def close(place: Place, number: int) -> Row:
    """Run as another user in a folder that root began, or in an empty one, and look that nothing changes; then go on as root."""
    folder = place.root / f"closed-{number}"
    folder.mkdir()
    if number % 2:
        place.stop(folder, number, SIGKILL)
    before = _content(folder)
    said = place.refused(folder, pwd.getpwnam("nobody").pw_uid)
    wrote = [] if _content(folder) == before else ["wrote into it"]
    row = _row(CLOSED, place, number, said, [*wrote, *place.goes_on(folder)])
    shutil.rmtree(folder)
    return row


def _row(harm: str, place: Place, number: int, said: str, faults: list[str]) -> Row:
    """Make the row of a run that was to be refused, or had all that it needed."""
    seen = {"refused" if said == "refused" else "had room enough": 1} if said in {"", "refused"} else {}
    return Row(harm, place.work.name, number, 1, (*([] if seen else [said]), *faults), seen)


def _content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
