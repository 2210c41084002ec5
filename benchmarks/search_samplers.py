"""Which sampler should choose the mix? TPE, NSGA-II and random draws, side by side on the real models.

Prints, for each sampler and seed, the pessimistic top-1 of the chosen design after equal numbers of mixes, and the
seconds it took. Run: ``python benchmarks/search_samplers.py [--device iphone12] [--seeds 5]``.
"""

from __future__ import annotations

import time
from dataclasses import replace

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from dsim.accuracy import load_accuracy_model
from dsim.latency import load_model
from dsim.search import StudySpec
from dsim.search.limits import keep_identified
from dsim.search.score import Scorer
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from dsim.search.trials import SAMPLERS


@click.command()
@click.option("--device", default="iphone12", show_default=True)
@click.option("--budget-ms", default=2.0, show_default=True)
@click.option("--trials", default=240, show_default=True)
@click.option("--seeds", default=5, show_default=True)
def main(device: str, budget_ms: float, trials: int, seeds: int) -> None:
    """Run every sampler with every seed."""
    latency, accuracy = load_model(device), load_accuracy_model()
    spec = StudySpec(device, budget_ms, trials=trials)
    space, _ = keep_identified(spec.space, latency.identified)
    scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), budget_ms, spec.confidence)
    search_mixes(replace(spec, space=space, trials=20), scorer, "warm up")  # price pieces once, for all alike
    table = Table(title=f"{device}, {budget_ms:g} ms, {trials} mixes, {seeds} seeds")
    for column in ("sampler", "top-1 low, median", "worst", "best", "seconds, median", "repeats, median"):
        table.add_column(column, justify="right")
    for sampler in SAMPLERS:
        tops, seconds, repeats = [], [], []
        for seed in range(seeds):
            start = time.monotonic()
            found = search_mixes(replace(spec, space=space, seed=seed), scorer, "x", sampler=sampler)
            seconds.append(time.monotonic() - start)
            tops.append(found.chosen.top1_low if found.chosen else float("nan"))
            repeats.append(found.cost.repeats)
        cells = (np.median(tops), min(tops), max(tops), np.median(seconds), np.median(repeats))
        table.add_row(sampler, *(f"{cell:.2f}" for cell in cells))
    Console().print(table)


if __name__ == "__main__":
    main()
