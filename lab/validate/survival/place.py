"""Place: where runs of one piece of work are begun, stopped and gone on with, and held against an uninterrupted one.

Processes are forked from one that has imported all modules and done nothing else (``forkserver``): a run of a second or two is
then work, not loading.
"""

from __future__ import annotations

import os
import pwd
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from signal import Signals
from tempfile import TemporaryDirectory

from dsim.cli.exits import INTERRUPTED, stop_on_signals
from lab.validate.survival.outcome import differences, outcome
from lab.validate.survival.works import WORKS, Work

LONG_S = 900.0
_REFUSED = re.compile(r"dsim\.errors\.\w+: .*;.*")


@dataclass(frozen=True)
class Place:
    """A work with what its runs share, what an uninterrupted one leaves, and how long that takes."""

    work: Work
    root: Path
    whole: Mapping[str, object]
    seconds: float

    @classmethod
    def make(cls, work: Work, root: Path, runs: int = 3) -> Place:
        """Run it uninterrupted a few times; all must end alike."""
        folder = root / work.name
        (folder / "shared").mkdir(parents=True)
        work.prepare(folder / "shared")
        bare = cls(work, folder, {}, 0.0)
        found, seconds = [], []
        for number in range(runs):
            began = time.monotonic()
            if fault := bare.finish(folder / f"whole-{number}"):
                raise AssertionError(f"{work.name}, uninterrupted: {fault}")
            seconds.append(time.monotonic() - began)
            found.append(outcome(folder / f"whole-{number}"))
        if unlike := [fault for one in found for fault in differences(found[0], one)]:
            raise AssertionError(f"{work.name}, uninterrupted twice: {unlike}")
        return cls(work, folder, found[0], sorted(seconds)[runs // 2])

    def start(self, folder: Path, user: int = 0) -> BaseProcess:
        """Begin or go on; as another user, where one is given."""
        folder.mkdir(exist_ok=True)
        process = get_context("forkserver").Process(
            target=_work, args=(self.work.name, folder, self.root / "shared", self._log(folder), user)
        )
        process.start()
        return process

    def finish(self, folder: Path, user: int = 0) -> str:
        """Run to the end; return what went wrong."""
        process = self.start(folder, user)
        process.join(LONG_S)
        if process.exitcode is None:
            process.kill()
            return f"does not end within {LONG_S:g} s"
        return f"ends in: {self.last_words(folder) or process.exitcode}" if process.exitcode else ""

    def refused(self, folder: Path, user: int = 0) -> str:
        """Run where it cannot end: return what is wrong if that is not one line of dsim's own."""
        fault = self.finish(folder, user)
        return fault if not fault or not _REFUSED.fullmatch(self.last_words(folder)) else "refused"

    def stop(self, folder: Path, number: int, how: Signals) -> bool:
        """Begin, and send a signal at a random moment; return whether it was in time."""
        at = random.Random(f"{self.work.name} {number}").random() * self.seconds
        process = self.start(folder)
        process.join(at)
        in_time = process.exitcode is None
        if in_time and process.pid is not None:
            os.kill(process.pid, how)
        process.join(LONG_S)
        if process.exitcode not in {0, -how, INTERRUPTED}:
            raise AssertionError(f"{self.work.name}: {process.exitcode}, {self.last_words(folder)}")
        return in_time and process.exitcode != 0

    def goes_on(self, folder: Path) -> list[str]:
        """Run to the end, and return what is otherwise than after an uninterrupted run, or lost of what was there."""
        before = self._kept(folder)
        if fault := self.finish(folder):
            return [fault]
        lost = [] if self._kept(folder).startswith(before) else [f"{self.work.grows} lost lines"]
        return [*differences(self.whole, outcome(folder)), *lost]

    def last_words(self, folder: Path) -> str:
        """Return the last line that a run wrote."""
        lines = self._log(folder).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _log(self, folder: Path) -> Path:
        return self.root / f"{folder.name}.log"

    def _kept(self, folder: Path) -> bytes:
        found = list(folder.glob(self.work.grows)) if self.work.grows else []
        content = found[0].read_bytes() if found else b""
        return content[: content.rfind(b"\n") + 1]


@contextmanager
def places(names: Iterable[str], runs: int = 3) -> Iterator[dict[str, Place]]:
    """Yield a place for each piece of work, each made when it is first asked for."""
    names = list(names)
    loads = {module for name in names for module in WORKS[name].loads}
    context = get_context("forkserver")
    context.set_forkserver_preload(sorted(loads))
    first = context.Process(target=time.time)  # whoever comes first waits for the imports
    first.start()
    first.join()

    class Made(dict[str, Place]):
        def __missing__(self, name: str) -> Place:
            self[name] = Place.make(WORKS[name], Path(root), runs)
            return self[name]

    with TemporaryDirectory(prefix="survival-") as root:
        os.chmod(root, 0o755)  # other users look in, too
        yield Made()


def _work(name: str, folder: Path, shared: Path, log: Path, user: int) -> None:
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    if user:
        os.setgid(user)
        os.setuid(user)
        os.environ["HOME"] = pwd.getpwuid(user).pw_dir
    stop_on_signals()
    try:
        WORKS[name].run(folder, shared)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
