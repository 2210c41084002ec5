"""Make the data that comes with dsim out of raw figures, or say what that would change.

``python -m lab.curate check RAW`` runs every step into a temporary folder and says, file by file, what would change in
device_profiles/ and dsim/data/; it ends with 1 where anything would. ``python -m lab.curate make RAW`` then changes it. RAW is a
folder with the files that sources.toml names, and their sha256 is checked first. ``--steps iphones,desktop`` runs some of the steps.
The steps top1, checkpoints and names need timm and torchvision: pip install -c constraints.txt -e '.[lab]'.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dsim.errors import DsimError, InvalidValueError
from lab.curate.changes import changes, take_over
from lab.curate.sources import RawFile, check_raw, raw_files
from lab.curate.steps import STEPS
from lab.places import ROOT


def run(raw: Path, root: Path, steps: Sequence[str], write: bool, files: Sequence[RawFile]) -> int:
    """Run steps on raw files, print what changes or would change below ``root``, and return how many files that is."""
    check_raw(raw, steps, files)
    found = 0
    for step in steps:
        with tempfile.TemporaryDirectory() as folder:
            STEPS[step](raw, Path(folder))
            here = tuple(changes(Path(folder), root, (step,)))
            print(
                f"{step}: {len(here) or 'no'} file{'' if len(here) == 1 else 's'} {'changed' if write else 'would change'}",
                flush=True,
            )
            for one in here:
                print(f"  {one.path}: {one.what}")
            if write:
                take_over(here, Path(folder), root)
            found += len(here)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m lab.curate", description=__doc__)
    parser.add_argument("verb", choices=("make", "check"))
    parser.add_argument("raw", metavar="RAW", nargs="?", help="the folder of raw figures")
    parser.add_argument(
        "--steps", default=",".join(STEPS), help="some of the steps, with commas: %(default)s"
    )
    given = parser.parse_args(arguments)
    try:
        if given.raw is None:
            raise InvalidValueError(
                "RAW must be the folder of raw figures, and none was given; e.g. make data-check RAW=../raw"
            )
        found = run(Path(given.raw), ROOT, _steps(given.steps), given.verb == "make", raw_files())
    except (DsimError, ModuleNotFoundError, ValueError) as error:
        raise SystemExit(f"Error: {error}") from error
    return int(given.verb == "check" and found > 0)


def _steps(text: str) -> tuple[str, ...]:
    chosen = text.split(",")
    unknown = [name for name in chosen if name not in STEPS]
    if unknown:
        raise InvalidValueError(f"--steps must be of {', '.join(STEPS)}, got {unknown[0]!r}; correct it")
    return tuple(name for name in STEPS if name in chosen)


if __name__ == "__main__":
    sys.exit(main())
