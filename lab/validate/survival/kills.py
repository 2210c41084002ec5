"""Kill -9 at random moments of small pieces of work: run again, each ends as it does uninterrupted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from signal import SIGKILL, Signals

from lab.validate.survival.place import Place, places
from lab.validate.survival.rows import Row, Rows

HARM = "kill -9"
SHARES = {
    "a study": 500,
    "a comparison": 120,
    "a comparison with halves": 20,
    "dsim measure": 160,
    "training of a supernet": 200,
}
COUNT = sum(SHARES.values())


def run(rows: Rows, count: int) -> None:
    """Kill until so many kills are there in all."""
    stop_all(rows, count, HARM, SIGKILL, SHARES)


def stop_all(rows: Rows, count: int, harm: str, how: Signals, shares: Mapping[str, int]) -> None:
    """Stop runs by a signal until so many were stopped in all, and at any time a fair share of each work."""
    wanted = {name: max(1, round(share * count / sum(shares.values()))) for name, share in shares.items()}
    with places(wanted) as made:
        while behind := {name: rows.cases(harm, name) / most for name, most in wanted.items()}:
            name = min(behind, key=lambda one: behind[one])
            if behind[name] >= 1:
                return
            rows.keep(stop_once(made[name], rows.next_number(harm, name), harm, how))


def stop_once(place: Place, number: int, harm: str, how: Signals) -> Row:
    """Stop one run at a random moment, and go on with it; one that ended before is no case."""
    folder = place.root / f"stopped-{number}"
    stopped = place.stop(folder, number, how)
    kept = stopped and any(path.is_file() and path.name != ".lock" for path in folder.rglob("*"))
    faults = place.goes_on(folder) if stopped else []
    shutil.rmtree(folder)
    seen = {"something was kept": 1} if kept else {}
    return Row(harm, place.work.name, number, int(stopped), tuple(faults), seen)
