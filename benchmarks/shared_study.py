"""Time a study that one worker sweeps, and the same shared by two and more, from the first combination to the last.

Processor seconds are of whole processes, start and result included: what they are more with two workers is done twice, and they say so
on a busy machine too. Each worker is a process with one thread and the bundled evidence; the storage is a journal in a temporary folder, or what
``--storage`` names (give an empty database; each turn has a name of its own there). Asked: two workers at least 1.8 times as quick as one
at 2,000 trials and more, on two quiet cores, where the storage's own work is not done on the same two. Run:
``python benchmarks/shared_study.py [--trials 2000] [--workers 1,2] [--storage postgresql://...]``.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
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


@click.command()
@click.option("--trials", default=2000, show_default=True)
@click.option("--workers", default="1,2", show_default=True)
@click.option("--storage", help="A journal in a temporary folder if left out.")
@click.option("--device", default="iphone12", show_default=True)
@click.option("--budget", default="2ms", show_default=True)
def main(trials: int, workers: str, storage: str | None, device: str, budget: str) -> None:
    """Print a table, one row for each number of workers."""
    rows: list[tuple[str, ...]] = []
    first = 0.0
    with tempfile.TemporaryDirectory() as folder:
        where = storage or f"journal://{Path(folder) / 'trials.log'}"
        turn("", "warm", 4, 1, device, budget)  # models are learned before
        alone = turn("", "alone", trials, 1, device, budget)
        rows.append(
            (
                "1, no storage",
                f"{alone['seconds']:.1f}",
                "",
                f"{alone['processor']:.1f}",
                "",
                f"{alone['top1']:.3f}",
            )
        )
        for count in map(int, workers.split(",")):
            name = f"bench-{count}-{secrets.token_hex(4)}"
            found = turn(where, name, trials, count, device, budget)
            first = first or found["seconds"]
            times = f"{first / found['seconds']:.2f}"
            rows.append(
                (
                    str(count),
                    f"{found['seconds']:.1f}",
                    times,
                    f"{found['processor']:.1f}",
                    str(failed(where, name)),
                    f"{found['top1']:.3f}",
                )
            )
    data: TableData = table(f"{trials} trials on {device}", COLUMNS, rows, COLUMNS)
    Console().print(Markdown(data.markdown()))


if __name__ == "__main__":
    main()
