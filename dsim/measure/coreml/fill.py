"""Fill a bundle: one package after another, and whatever stops it, what was written stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dsim.files import write_atomic
from dsim.measure.coreml.manifest import Manifest

if TYPE_CHECKING:
    from dsim.measure.coreml.bundle import Job

SAVE_EVERY_S = 5.0  # a manifest of thousands of packages takes a while to write
# packages done, packages in all, what comes next
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Filled:
    """The digest of the manifest, how many packages were there before, and how many the time did not suffice for."""

    digest: str
    kept: int
    waiting: int


def fill(
    manifest: Manifest,
    jobs: Sequence[Job],
    add: Callable[[Job], None],
    script: Path,
    progress: Progress,
    seconds: float | None,
) -> Filled:
    """Write the packages that a bundle lacks, and the script that times them.

    Parameters
    ----------
    add
        Writes one package into the manifest, or names there why it cannot be.
    progress
        Called before each package and at the end.
    seconds
        After so many no further package is begun; None for no bound.
    """
    began = saved = time.monotonic()
    kept = waiting = 0
    through = False
    try:
        for number, job in enumerate(jobs):
            if manifest.holds(job.name):
                kept += 1
                continue
            manifest.entries.pop(job.name, None)
            if seconds is not None and time.monotonic() - began > seconds:
                waiting += 1
                continue
            progress(number, len(jobs), job.name)
            add(job)
            if (
                time.monotonic() - saved > SAVE_EVERY_S
            ):  # a program that is killed leaves what was converted, too
                manifest.write(complete=False)
                saved = time.monotonic()
        write_atomic(manifest.folder / script.name, script.read_bytes())
        through = True
    finally:  # Ctrl-C too keeps what was converted
        digest = manifest.write(complete=through and not waiting)
    progress(len(jobs), len(jobs), "")
    return Filled(digest, kept, waiting)
