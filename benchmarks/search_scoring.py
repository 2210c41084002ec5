"""Time the scorer of a search beside the way that a result's figures are made: designs a second in processor time, points in.

The scorer gives what a search sorts by (the needed budget, the lower end of top-1, the region), in single precision, and in double
precision for what is near the front. Two processes score at the same time, as on two cores. Run:
``python benchmarks/search_scoring.py [--device iphone12 ...] [--write lab/notes/search.md]``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.markdown import Markdown

from dsim.accuracy.asked_recipe import model_for
from dsim.latency import load_model
from dsim.report.table import TableData, table
from dsim.search.grid import Grid
from dsim.search.identified import keep_identified
from dsim.search.mix import Mix, mix_from, parameters
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.table import CostTable
from dsim.threads import one_blas_thread
from lab.marked import replace_block

DESIGNS, MIXES, TURNS = 16_384, 4, 5
DEVICES = ("iphone12", "i9-10940x", "epyc-zen4-onnxruntime")
ASKED = 200_000  # designs a second and core on iphone12
COLUMNS = (
    "device",
    "learned by",
    "as for a result",
    "double precision",
    "single precision",
    "two processes together",
    "points off at most",
)


@one_blas_thread()
def rates(device: str) -> tuple[str, tuple[float, float, float], float]:
    """Return how a profile was learned, designs a second by the three ways, and how far single precision is off."""
    latency, accuracy = load_model(device), model_for("", Space().resolution)
    space = keep_identified(Space(), latency.identified)[0]
    scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), 2.0, 0.9)
    random = np.random.default_rng(0)
    grids: list[Grid] = []
    while len(grids) < MIXES:
        grid = Grid(space, _draw(space, random), scorer.table)
        if not grid.is_empty:
            grids.append(grid)
    points = [random.integers(0, np.array(g.sizes), size=(DESIGNS // MIXES, 12)) for g in grids]

    def by(ask: Callable[[np.ndarray], object]) -> float:
        seconds = []
        for _ in range(TURNS):
            start = time.process_time()
            ask(np.concatenate([g.rows(some) for g, some in zip(grids, points, strict=True)]))
            seconds.append(time.process_time() - start)
        return DESIGNS / min(seconds)

    rows = np.concatenate([g.rows(some) for g, some in zip(grids, points, strict=True)])
    off = float(np.abs(scorer.mark(rows).top1_low - scorer.score(rows).top1_low).max())
    found = (by(scorer.score), by(lambda some: scorer.mark(some, single=False)), by(scorer.mark))
    return latency.method, found, off


def _draw(space: Space, random: np.random.Generator) -> Mix:
    rows = parameters(space)
    return mix_from(space, {name: row[int(random.integers(len(row)))] for name, row in rows.items()})


def compare(devices: tuple[str, ...]) -> TableData:
    """Time all devices, two processes at a time."""
    rows = []
    for device in devices:
        with ProcessPoolExecutor(2, get_context("spawn")) as pool:
            first, second = pool.map(rates, (device, device))
        method, found, off = first
        both = found[2] + second[1][2]
        rows.append((device, method, *(f"{one:,.0f}" for one in found), f"{both:,.0f}", f"{off:.1e}"))
    note = (
        f"Designs a second in processor time: {DESIGNS:,} points of {MIXES} mixes in, best of {TURNS}. Asked on iphone12: {ASKED:,} a "
        "core. 'As for a result' makes all figures that a result shows, in the way in which searches scored before."
    )
    return table("Designs a second", COLUMNS, rows, COLUMNS[2:], note)


@click.command()
@click.option("--device", "devices", multiple=True, default=DEVICES, show_default=True)
@click.option("--write", type=click.Path(path_type=Path), help="Document with a block of this name.")
def main(devices: tuple[str, ...], write: Path | None) -> None:
    """Measure, and print or write the table."""
    text = compare(devices).markdown()
    if write:
        replace_block(write, "search_scoring", text)
    Console().print(Markdown(text))


if __name__ == "__main__":
    main()
