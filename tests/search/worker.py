"""One worker of a study on the models of `tests.search.fakes`, as a process: ``python -m tests.search.worker URL TRIALS SILENT_S [DIES]``.

It says that it is ready, waits for a line, and prints what it found as JSON: so that workers begin together. With DIES it kills itself, as by ``kill -9``, when it has claimed mixes for the time of that number.
"""

from __future__ import annotations

import json
import os
import signal
import sys

from dsim.search.conclude import Found
from dsim.search.shared import Choices, SharedRecord
from dsim.search.study import search_mixes
from tests.search.test_study import scorer, spec


class Mortal(SharedRecord):
    """Dies with claims open."""

    left = 0

    def claim(self, mixes: list[Choices]) -> list[bool]:
        mine = super().claim(mixes)
        self.left -= any(mine)
        if self.left == 0 and any(mine):
            os.kill(os.getpid(), signal.SIGKILL)
        return mine


def told(found: Found) -> dict[str, object]:
    """Return what must be the same for all workers."""
    assert found.chosen is not None
    cost = found.cost
    front = [one.arch.to_json() for one in found.front]
    return {
        "chosen": found.chosen.arch.to_json(),
        "front": front,
        "cost": [cost.designs, cost.mixes, cost.repeats],
    }


def run(url: str, trials: int, silent_s: int, dies: int = 0) -> Found:
    """Take part in a study."""
    asked = spec(trials=trials)
    record = Mortal(url, asked.name, "a", asked.inputs(), silent_s)
    record.left = dies
    return search_mixes(asked, scorer(), "a", record)


if __name__ == "__main__":
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    found = run(sys.argv[1], *map(int, sys.argv[2:]))
    sys.stdout.write(json.dumps({**told(found), "seconds": found.cost.seconds}))
