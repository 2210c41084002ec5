"""SIGTERM, by which batch systems end a job: what is done is kept, as after Ctrl-C."""

from __future__ import annotations

from signal import SIGTERM

from lab.validate.survival.kills import stop_all
from lab.validate.survival.rows import Rows

HARM, COUNT = "SIGTERM", 40
# a training that is not asked to keep its state meanwhile has none but what SIGTERM makes it keep
SHARES = {"a study": 1, "a comparison": 1, "dsim measure": 1, "training that keeps its state at its end": 1}


def run(rows: Rows, count: int) -> None:
    """Stop runs until so many were stopped in all."""
    stop_all(rows, count, HARM, SIGTERM, SHARES)
