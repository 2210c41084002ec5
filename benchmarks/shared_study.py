"""Time a study that one worker sweeps, and the same shared by two and more, from the first combination to the last.

Processor seconds are of whole processes, start and result included: what they are more with two workers is done twice, and they say so
on a busy machine too. Each worker is a process with one thread and the bundled evidence; the storage is a journal in a temporary folder, or what
``--storage`` names (give an empty database; each turn has a name of its own there). Asked: two workers at least 1.8 times as quick as one
at 2,000 trials and more, on two quiet cores, where the storage's own work is not done on the same two. On a shared machine one turn
takes up to a fifth longer than the next: all numbers of workers take turns, round by round, and the ratio is the median of those within a round. Run:
``python benchmarks/shared_study.py [--trials 2000] [--workers 1,2] [--rounds 3] [--storage postgresql://...]``.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.markdown import Markdown

from dsim.report.table import TableData, table

COLUMNS = (
    "workers",
    "seconds, first to last",
    "times as quick",
    "processor seconds, all workers",
    "claims that gave way",
    "top-1, lower end",
)


def turn(storage: str, name: str, trials: int, workers: int, device: str, budget: str) -> dict[str, float]:
    """Run one study with so many workers, and return what it took and found."""
    command = [sys.executable, "-m", "dsim", "study", "--device", device, "--budget", budget, "--json"]
    command += ["--trials", str(trials), "--name", name, *(("--storage", storage) if storage else ())]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    before = _processor_s()
    with tempfile.TemporaryDirectory() as folder:
        running = [
            subprocess.Popen(
                [*command, "--out", f"{folder}/{number}"], stdout=subprocess.PIPE, text=True, env=one_thread
            )
            for number in range(workers)
        ]
        said = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        raise SystemExit(f"a worker ended with an error; the first said {said[0][:200]!r}")
    found = [json.loads(one) for one in said]
    if any(one["chosen"] != found[0]["chosen"] or one["cost"] != found[0]["cost"] for one in found):
        raise SystemExit("the workers of one study ended with different results")
    return {
        "seconds": found[0]["cost"]["seconds"],
        "processor": _processor_s() - before,
        "top1": found[0]["chosen"]["top1_low"],
    }


def _processor_s() -> float:
    """Return what all processes took that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def failed(storage: str, name: str) -> int:
    """Return how many claims gave way to a lower one."""
    from optuna.trial import TrialState

    from dsim.search.storage import disconnect, open_storage

    study, opened = open_storage(storage, name)
    count = sum(trial.state is TrialState.FAIL for trial in study.get_trials(deepcopy=False))
    disconnect(opened)
    return count


def row_of(workers: str, turns: list[dict[str, float]], ratios: list[float]) -> tuple[str, ...]:
    """Return medians over rounds, and the ratios' median and ends."""

    def median(name: str, digits: int) -> str:
        return f"{statistics.median(one[name] for one in turns):.{digits}f}" if name in turns[0] else ""

    ratio = f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if ratios else ""
    return (
        workers,
        median("seconds", 1),
        ratio,
        median("processor", 1),
        median("failed", 0),
        median("top1", 3),
    )


@click.command()
@click.option("--trials", default=2000, show_default=True)
@click.option("--workers", default="1,2", show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--storage", help="A journal in a temporary folder if left out.")
@click.option("--device", default="iphone12", show_default=True)
@click.option("--budget", default="2ms", show_default=True)
def main(trials: int, workers: str, rounds: int, storage: str | None, device: str, budget: str) -> None:
    """Print a table, one row for each number of workers."""
    counts = [int(count) for count in workers.split(",")]
    turns: dict[int, list[dict[str, float]]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory() as folder:
        where = storage or f"journal://{Path(folder) / 'trials.log'}"
        turn("", "warm", 4, 1, device, budget)  # models are learned before
        alone = turn("", "alone", trials, 1, device, budget)
        for _ in range(rounds):
            for count in counts:
                name = f"bench-{count}-{secrets.token_hex(4)}"
                found = turn(where, name, trials, count, device, budget)
                turns[count].append({**found, "failed": failed(where, name)})
    rows = [row_of("1, no storage", [alone], [])]
    for count, own in turns.items():
        ratios = [first["seconds"] / one["seconds"] for first, one in zip(turns[counts[0]], own, strict=True)]
        rows.append(row_of(str(count), own, ratios))
    data: TableData = table(f"{trials} trials on {device}, {rounds} rounds", COLUMNS, rows, COLUMNS)
    Console().print(Markdown(data.markdown()))


if __name__ == "__main__":
    main()
