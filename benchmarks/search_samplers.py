"""Measure which sampler should choose the mix, and how far from the true optimum a study ends.

TPE, NSGA-II and random draws side by side on the real models, with equal numbers of mixes; then the default sampler
against the exact optimum of a space that can be enumerated. Run:
``python benchmarks/search_samplers.py [--device iphone12] [--seeds 5] [--write lab/notes/search.md]``.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.markdown import Markdown

from dsim.accuracy.asked_recipe import model_for
from dsim.latency import load_model
from dsim.report.table import TableData, table
from dsim.search import Space, StudySpec
from dsim.search.exact import exact_optimum
from dsim.search.identified import keep_identified
from dsim.search.judge import scorer_of
from dsim.search.score import Scorer
from dsim.search.study import search_mixes
from dsim.search.trials import GUIDED, SAMPLERS
from lab.marked import replace_block

COLUMNS = ("sampler", "top-1 low, median", "worst", "best", "seconds, median", "repeats, median")


def compare_samplers(spec: StudySpec, scorer: Scorer, seeds: int) -> TableData:
    """Run every sampler with every seed."""
    search_mixes(replace(spec, trials=20), scorer, "warm up")  # price pieces once, for all alike
    rows = []
    for sampler in (GUIDED, *SAMPLERS):
        tops, seconds, repeats = [], [], []
        for seed in range(seeds):
            start = time.monotonic()
            found = search_mixes(replace(spec, seed=seed), scorer, "x", sampler=sampler)
            seconds.append(time.monotonic() - start)
            tops.append(found.chosen.top1_low if found.chosen else float("nan"))
            repeats.append(found.cost.repeats)
        cells = (np.median(tops), min(tops), max(tops), np.median(seconds), np.median(repeats))
        rows.append((sampler, *(f"{cell:.2f}" for cell in cells)))
    title = f"Samplers: {spec.device}, {spec.budget_ms:g} ms, {spec.trials} mixes, {seeds} seeds"
    note = "Pessimistic top-1 in percent of the chosen design; pieces were priced before, and trials kept in memory."
    return table(title, COLUMNS, rows, COLUMNS[1:], note)


def compare_with_exact(spec: StudySpec, scorer: Scorer, seeds: int) -> TableData:
    """Search a cut of the space with part of its mixes, and score all of it."""
    space = spec.space
    small = space.fixed(
        stems=space.stems[:1],
        mixers=(space.mixers[0][:1], space.mixers[1][:1], space.mixers[2][:3], space.mixers[3][:3]),
        activations=space.activations[:1],
        attention_blocks=((0, 2), (1, 0, 3)),
        widths=tuple(row[i // 2 :: 2] for i, row in enumerate(space.widths)),
        depths=tuple(row[::2] for row in space.depths),
        mlp_ratios=((4.0,), (4.0,), (3.0, 4.0), (4.0,)),
    )
    start = time.monotonic()
    exact = exact_optimum(small, scorer)
    seconds = time.monotonic() - start
    rows = [("every design", f"{exact.designs:,}", f"{exact.top1_low:.3f}", "", f"{seconds:.1f}")]
    for seed in range(seeds):
        start = time.monotonic()
        found = search_mixes(replace(spec, space=small, trials=60, seed=seed), scorer, "x")
        top1 = found.chosen.top1_low if found.chosen else float("nan")
        cells = (f"{found.cost.designs:,}", f"{top1:.3f}", f"{exact.top1_low - top1:.3f}")
        rows.append((f"a study of 60 mixes, seed {seed}", *cells, f"{time.monotonic() - start:.1f}"))
    columns = ("what", "designs scored", "top-1 low", "regret", "seconds")
    return table(
        "Against the true optimum", columns, rows, columns[1:], "Regret in points of pessimistic top-1."
    )


@click.command()
@click.option("--device", default="iphone12", show_default=True)
@click.option("--budget-ms", default=2.0, show_default=True)
@click.option("--trials", default=240, show_default=True)
@click.option("--seeds", default=5, show_default=True)
@click.option("--write", type=click.Path(path_type=Path), help="Document with a block of this name.")
def main(device: str, budget_ms: float, trials: int, seeds: int, write: Path | None) -> None:
    """Measure both, and print or write the tables."""
    latency, accuracy = load_model(device), model_for("", Space().resolution)
    plain = StudySpec(device, budget_ms, trials=trials)
    spec = replace(plain, space=keep_identified(plain.space, latency.identified)[0])
    scorer = scorer_of(spec, latency, accuracy)
    text = "\n".join(part(spec, scorer, seeds).markdown() for part in (compare_with_exact, compare_samplers))
    if write:
        replace_block(write, "search_samplers", text)
    Console().print(Markdown(text))


if __name__ == "__main__":
    main()
