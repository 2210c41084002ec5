"""Corrupt files, in process: each is read, or refused in one line; nothing else, no hang, and nothing half-written.

Each case counts its own seconds of processor time, so that a busy machine makes no hang.
"""

from __future__ import annotations

import random
import signal
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from dsim.errors import DsimError
from lab.validate.survival.rows import Row, Rows
from lab.validate.survival.victims import Victim, victims

HARM, COUNT = "a corrupt file", 10_000
MOST_S = 10.0
LONGEST_LINE = 2000


class HangError(BaseException):
    """Reading takes too long."""


def run(rows: Rows, count: int) -> None:
    """Break and read so many files in all, about as many of each kind."""
    every = victims()
    blocks = -(-count // sum(victim.cases for victim in every))
    for number in range(blocks):
        for victim in every:
            if rows.left(HARM, victim.name, [number]):
                rows.keep(block(victim, number))


def block(victim: Victim, number: int) -> Row:
    """Read the broken files of a row."""
    cases = victim.cases
    faults, seen = [], Counter[str]()
    with tempfile.TemporaryDirectory(prefix="survival-") as root, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a runtime's remarks on a broken file
        folder = Path(root) / "kept"
        folder.mkdir()
        victim.make(folder)
        victim.read(folder)  # what is sound reads
        sound = _content(folder)
        for case in range(number * cases, (number + 1) * cases):
            rng = random.Random(f"{victim.name} {case}")
            _restore(folder, sound)
            (folder / victim.file).write_bytes(rng.choice(victim.ways)(sound[victim.file], rng))
            how, fault = read_broken(victim, folder)
            seen[how] += 1
            faults += [f"case {case}: {fault}"] if fault else []
    return Row(HARM, victim.name, number, cases, tuple(faults), dict(seen))


def read_broken(victim: Victim, folder: Path) -> tuple[str, str]:
    """Read a broken file; return what came of it, and what is wrong with that."""
    before = _content(folder)
    try:
        with _limited():
            found = victim.read(folder)
        return "refused" if found is False else "read", ""  # a reader of the tests says so
    except DsimError as error:
        text = str(error)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # also a hang, and a panic of polars, which is no Exception
        return "fault", f"{type(error).__name__}: {error}"[:300]
    if "\n" in text or not text or len(text) > LONGEST_LINE:
        return "fault", f"not one line: {text[:200]!r}"
    if not victim.goes_on and _content(folder) != before:
        return "fault", f"refused, and yet wrote: {text[:200]}"
    return "refused", ""


@contextmanager
def _limited() -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise HangError(f"more than {MOST_S:g} s")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, MOST_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)


def _content(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".lock"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def _restore(folder: Path, sound: dict[str, bytes]) -> None:
    now = _content(folder)
    for name in now.keys() - sound.keys():
        (folder / name).unlink()
    for name, content in sound.items():
        if now.get(name) != content:
            (folder / name).write_bytes(content)
