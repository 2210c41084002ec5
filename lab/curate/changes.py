"""Compare what the steps made with what is committed, file by file."""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lab.curate.sources import owner_of

PARTS = ("device_profiles", "dsim/data", "lab/claims/reality")


@dataclass(frozen=True)
class Change:
    """A committed file that would change.

    Attributes
    ----------
    path
        Below the repository's root.
    what
        How it would change.
    """

    path: str
    what: str


def changes(made: Path, root: Path, steps: Collection[str]) -> Iterator[Change]:
    """Yield every file that would change, in alphabetical order.

    A table of numbers or a TOML file that says the same in another layout does not change: what rests on its bytes stays valid.

    Parameters
    ----------
    made
        What the steps made; stands for the repository's root.
    root
        The repository.
    steps
        Those that ran: their committed files must have been made.
    """
    fresh = set(files_of(made))
    committed = {path for path in files_of(root) if owner_of(path) in steps}
    for path in sorted(fresh | committed):
        if path not in fresh:
            yield Change(path, "would go: no step makes it any more")
        elif not (root / path).exists():
            yield Change(path, "would be new")
        elif owner_of(path) not in steps:
            yield Change(path, f"would be overwritten, and {owner_of(path) or 'nobody'} owns it")
        else:
            what = difference(root / path, made / path)
            if what:
                yield Change(path, what)


def files_of(root: Path) -> Iterator[str]:
    """Yield the paths of all files of the data below a folder."""
    for part in PARTS:
        for path in (root / part).rglob("*"):
            if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts:
                yield path.relative_to(root).as_posix()


def difference(before: Path, after: Path) -> str:
    """Say in what two files differ, empty where they say the same."""
    if before.read_bytes() == after.read_bytes():
        return ""
    if before.suffix == ".toml":
        old, new = (tomllib.loads(path.read_text(encoding="utf-8")) for path in (before, after))
        keys = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return f"other values of {', '.join(keys)}" if keys else ""
    if before.suffix == ".parquet":
        tables = [pl.read_parquet(path) for path in (before, after)]
        if tables[0].equals(tables[1]) and tables[0].schema == tables[1].schema:
            return ""
        return f"another table: {tables[0].height} rows before, {tables[1].height} after"
    lines = [path.read_text(encoding="utf-8").splitlines() for path in (before, after)]
    gone, come = (set(lines[0]) - set(lines[1]), set(lines[1]) - set(lines[0]))
    if not gone and not come:
        return "the same lines in another order or number"
    first = next((f", the first new one: {line[:80]}" for line in lines[1] if line in come), "")
    return f"lines that go: {len(gone)}, lines that come: {len(come)}{first}"


def take_over(found: Collection[Change], made: Path, root: Path) -> None:
    """Put what was made in the place of what is committed."""
    for one in found:
        target = root / one.path
        if (made / one.path).exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made / one.path, target)
        else:
            target.unlink()
            # an empty folder would be read as a profile without its files
            if not any(target.parent.iterdir()):
                target.parent.rmdir()
