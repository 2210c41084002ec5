"""Learn the task's model from a supernet: how many sub-networks are evaluated is fixed before the first one is."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from dsim.progress import working
from dsim.records import to_plain
from dsim.supernet.cost import Amounts, timed
from dsim.supernet.evaluator import TABLE, Evaluation, Evaluator
from dsim.supernet.forecast import TIMED, planned_evaluations, timed_evaluations
from dsim.supernet.loaded import Supernet, load_supernet
from dsim.supernet.machine import torch_threads
from dsim.supernet.subnet import Subnet
from dsim.supernet.task.designs import task_designs
from dsim.supernet.task.model import TaskModel, learn
from dsim.supernet.task.summary import summarise

SUBNETS = 100  # that a model is learned from, where nobody says how many
STAGE = "predictor"  # of the ledger
FORMAT = 1  # of what a model is made of; raise it where another one comes out of the same sub-networks


def task_model(
    supernet: Supernet | str | Path, subnets: int = SUBNETS, *, seed: int | None = None
) -> TaskModel:
    """Learn how high designs rank on the user's own task, from sub-networks of a supernet.

    What was evaluated before is not evaluated again, and a second call evaluates nothing.

    Parameters
    ----------
    supernet
        A folder, or what `load_supernet` returns.
    subnets
        How many random designs are evaluated.
    seed
        Which ones; the supernet's own seed by default.

    Raises
    ------
    InvalidValueError
        There are too few to learn from, or the space holds fewer.
    """
    loaded = supernet if isinstance(supernet, Supernet) else load_supernet(supernet)
    drawn = loaded.header.asked.seed if seed is None else seed
    designs = task_designs(loaded.choices, drawn, subnets)
    rows = evaluated(loaded, tuple(designs))
    resolution = loaded.choices.space.resolution
    summaries = np.array(
        [sum(summarise(piece.graph, resolution) for piece in arch.pieces()) for arch in designs.values()]
    )
    losses = np.array([row.loss for row in rows])
    return learn(loaded.choices.space, summaries, losses, drawn, _fingerprint(loaded, rows))


def evaluated(loaded: Supernet, subnets: tuple[Subnet, ...]) -> tuple[Evaluation, ...]:
    """Return the evaluations of some sub-networks; pictures are read only where one is new."""
    known = {row.subnet: row for row in loaded.home.read_table(TABLE, Evaluation)}
    if all(one.text() in known for one in subnets):
        return tuple(known[one.text()] for one in subnets)
    with loaded.alone(), torch_threads(loaded.header.spec.threads):
        evaluator = loaded.evaluator
        missing = [one for one in subnets if one.text() not in evaluator.known]
        _plan(evaluator, missing)
        with working("evaluating sub-networks", total=len(missing), unit="sub-networks") as work:
            for _ in evaluator(missing, STAGE):
                work.step()
        return tuple(evaluator.known[one.text()] for one in subnets)


def _plan(evaluator: Evaluator, subnets: list[Subnet]) -> None:
    """Plan what is evaluated beside what was spent so far; seconds by a timed trial, which the forecast's stage pays for."""
    if not subnets:
        return
    ledger = evaluator.ledger
    with timed() as trial:
        takes = timed_evaluations(evaluator)
    gpu_s = 0.0 if evaluator.spec.device == "cpu" else trial.wall
    ledger.spend("forecast", Amounts(evaluations=TIMED, cpu_seconds=trial.cpu, gpu_seconds=gpu_s))
    ledger.planned[STAGE] = ledger.spent.get(STAGE, Amounts()) + planned_evaluations(
        evaluator, subnets, takes
    )


def _fingerprint(loaded: Supernet, rows: tuple[Evaluation, ...]) -> str:
    """Hash what a model is learned from: the supernet, and what its sub-networks reached."""
    about = {
        "format": FORMAT,
        "supernet": to_plain(loaded.header),
        "evaluated": [to_plain(row) for row in rows],
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode()).hexdigest()
