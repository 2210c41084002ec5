"""How far studies by a task's own ranks end from the best of their space, which is proved; writes a table into lab/notes/search.md.

Ranks are a ridge regression's, learned from planted losses: no supernet is trained. The space is the default one of a search, with a
supernet's one stem, kind of attention, activation and norm. Run:
``python -m lab.validate.knapsack --case iphone12=1ms --case epyc-zen4-onnxruntime=10ms [--keep]``.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np
from sklearn.linear_model import BayesianRidge

from dsim.arch import Arch
from dsim.errors import NothingFitsError
from dsim.graph import Graph
from dsim.latency import load_model
from dsim.report.table import TableData, table
from dsim.search import Space, StudySpec
from dsim.search.grid import Grid
from dsim.search.knapsack import CLOSE, best_possible
from dsim.search.mix import Mix, count_designs
from dsim.search.options import Point
from dsim.search.score import Bools, Scorer
from dsim.search.study import search_mixes
from dsim.search.table import CostTable, Floats
from dsim.supernet.task.designs import draw_design
from dsim.supernet.task.model import RIDGE, Ranks, TaskModel, learn
from dsim.supernet.task.summary import summarise
from dsim.threads import one_blas_thread
from dsim.units import milliseconds
from lab.marked import replace_block

NOTES = Path("lab/notes/search.md")
EVIDENCE, NOISE = (
    100,
    0.04,
)  # designs that are learned from, and spread of the log of a loss around what is planted
COLUMNS = (
    "device",
    "budget",
    "designs",
    "search alone",
    "no design above",
    "regret at most",
    "reached",
    "CPU s of the search",
    "of the proof",
)


@dataclass(frozen=True)
class Unscored:
    """The same ranks from a model that says nothing of sums, so that a search proves nothing."""

    model: TaskModel

    def summarise(self, graph: Graph) -> Floats:
        """Sum what a piece is made of."""
        return self.model.summarise(graph)

    def predict(self, summaries: Floats, confidence: float = 0.9) -> Ranks:
        """Return ranks."""
        return self.model.predict(summaries, confidence)

    def in_region(self, summaries: Floats) -> Bools:
        """Tell which designs may be chosen."""
        return self.model.in_region(summaries)


def planted(arch: Arch, by: Floats) -> float:
    """Return the log of a loss that width, depth and attention of each stage (3, 4) lower."""
    own = [(np.log(one.width), np.sqrt(one.depth), one.attention_blocks**0.7) for one in arch.stages]
    return -float((by.T * np.array(own)).sum())


def ridge_of(space: Space, seed: int) -> TaskModel:
    """Learn ranks from planted losses; by the ridge, whichever regressor predicts best."""
    random = np.random.default_rng(seed)
    by = random.uniform(0.02, 0.2, size=(3, 4))
    designs = [draw_design(space, random) for _ in range(EVIDENCE)]
    summaries = np.array(
        [np.sum([summarise(p.graph, space.resolution) for p in arch.pieces()], axis=0) for arch in designs]
    )
    logs = np.array([planted(arch, by) for arch in designs]) + random.normal(0.0, NOISE, EVIDENCE)
    model = learn(space, summaries, np.exp(logs), seed, "planted")
    ridge = BayesianRidge(max_iter=1000).fit(model.points(summaries), logs)
    return model if model.regressor == RIDGE else replace(model, regressor=RIDGE, learned=ridge)


def place_of(arch: Arch, space: Space, table_: CostTable) -> tuple[Mix, Point]:
    """Return the mix and the point of a design of a space."""
    plain = [next((b.mixer for b in one.blocks if not b.mixer.is_attention), None) for one in arch.stages]
    counts = [one.attention_blocks for one in arch.stages]
    mix = Mix(
        arch.stem,
        tuple(mixer or row[0] for mixer, row in zip(plain, space.mixers, strict=True)),
        space.attentions[0],
        (counts[2], counts[3]),
        space.activations[0],
        space.norms[0],
    )
    point = Grid(space, mix, table_).locate(arch)
    assert point is not None
    return mix, point


@one_blas_thread()
def row_of(device: str, budget_ms: float, seed: int) -> tuple[str, ...]:
    """Search, then prove."""
    wide = Space()
    one = {name: getattr(wide, name)[:1] for name in ("stems", "attentions", "activations", "norms")}
    space = wide.fixed(**one)
    latency, ranks = load_model(device), ridge_of(space, seed)
    alone = Unscored(ranks)
    start = time.process_time()
    table_ = CostTable(latency, alone)
    found = search_mixes(
        StudySpec(device, budget_ms, space=space), Scorer(latency, alone, table_, budget_ms, 0.9), "proof"
    )
    searched = time.process_time() - start
    if found.chosen is None:
        raise NothingFitsError(
            f"a case needs a design that fits, and none fits {budget_ms:g} ms on {device}; give more"
        )
    start = time.process_time()
    proved = best_possible(
        space, Scorer(latency, ranks, table_, budget_ms, 0.9), place_of(found.chosen.arch, space, table_)
    )
    proving = time.process_time() - start
    best, regret, reached = "no sums", "", ""
    if proved is not None:
        rows = [Grid(space, mix, table_).rows(np.array([point])) for mix, point in proved.designs]
        scores = ranks.predict(table_.cut(np.concatenate(rows)).summary).low if rows else np.zeros(0)
        top = max([found.chosen.top1_low, *scores.tolist()])
        best, regret = f"{proved.top1_low:.3f}", f"{max(proved.top1_low - found.chosen.top1_low, 0.0):.3f}"
        reached = "yes" if proved.top1_low - top <= CLOSE else f"{top:.3f}"
    count = count_designs(space)
    return (
        device,
        f"{budget_ms:g} ms",
        f"{count:.1e}",
        f"{found.chosen.top1_low:.3f}",
        best,
        regret,
        reached,
        f"{searched:.1f}",
        f"{proving:.1f}",
    )


def table_of(rows: list[tuple[str, ...]]) -> TableData:
    """Return the table of all cases."""
    note = (
        "Points of rank at the lower end of the 90% interval; reached: a design was met that is as good, which a study then takes. Ranks: "
        f"a ridge, from {EVIDENCE} designs with planted losses; 240 trials, seed 0."
    )
    return table("The best of a space, proved", COLUMNS, rows, COLUMNS[2:], note)


@click.command()
@click.option("--case", "cases", multiple=True, required=True, help="DEVICE=BUDGET, such as iphone12=1ms.")
@click.option("--seed", default=1, show_default=True, help="Of the planted losses.")
@click.option("--keep", is_flag=True, help="Write the block of the notes.")
def main(cases: tuple[str, ...], seed: int, keep: bool) -> None:
    """Print the rows, and keep them."""
    rows = []
    for case in cases:
        device, _, budget = case.partition("=")
        rows.append(row_of(device, milliseconds(budget), seed))
        click.echo(" | ".join(rows[-1]))
    if keep:
        replace_block(NOTES, "knapsack", table_of(rows).markdown())


if __name__ == "__main__":
    main()
