"""How far a default study ends from the best design known, seed by seed, and whether seeds say the same; into lab/notes/search.md.

The best known is the best of all seeds and of one search with more trials. Run:
``python -m lab.validate.search_regret --case iphone12=2ms --case iphone12=2ms,params=8M [--seeds 5] [--long 960]``.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from dsim.accuracy.asked_recipe import model_for
from dsim.latency import load_model
from dsim.limits import Limits, read_limits
from dsim.report.table import TableData, table
from dsim.search import Space, StudySpec
from dsim.search.identified import keep_identified
from dsim.search.judge import scorer_of
from dsim.search.study import search_mixes
from dsim.units import milliseconds
from lab.marked import replace_block

NOTES = Path("lab/notes/search.md")
ASKED = 0.02  # points of pessimistic top-1
COLUMNS = (
    "device",
    "asked",
    "best known",
    "regret of each seed",
    "worst",
    "designs of the seeds",
    "same words for what is as good",
    "CPU s a study",
)


def row_of(device: str, budget_ms: float, limits: Limits, seeds: int, long: int) -> tuple[str, ...]:
    """Search with every seed, and once with more trials."""
    latency, accuracy = load_model(device), model_for("", Space().resolution)
    plain = StudySpec(device, budget_ms, limits=limits)
    spec = replace(plain, space=keep_identified(plain.space, latency.identified)[0])
    scorer = scorer_of(spec, latency, accuracy)
    asked = ", ".join(filter(None, (f"{budget_ms:g} ms", limits.words)))
    tops, seconds, designs, words = [], [], set(), []
    for seed in range(seeds):
        start = time.process_time()
        found = search_mixes(replace(spec, seed=seed), scorer, "regret")
        seconds.append(time.process_time() - start)
        tops.append(found.chosen.top1_low if found.chosen else float("-inf"))
        designs.add(found.chosen.arch if found.chosen else None)
        words.append(found.alike.families if found.alike else ())
    best = max(tops)
    if long:
        more = search_mixes(replace(spec, trials=long, seed=seeds), scorer, "regret")
        best = max(best, more.chosen.top1_low if more.chosen else best)
    if best == float("-inf"):
        return (device, asked, "nothing fits", *([""] * (len(COLUMNS) - 3)))
    regrets = [max(best - top, 0.0) for top in tops]
    return (
        device,
        asked,
        f"{best:.3f}",
        ", ".join(f"{one:.3f}" for one in regrets),
        f"{max(regrets):.3f}",
        str(len(designs)),
        in_common(words),
        f"{min(seconds):.1f} to {max(seconds):.1f}",
    )


def in_common(words: Sequence[tuple[str, ...]]) -> str:
    """Return how many parts of the words for what is as good two seeds say alike: the mean over pairs, of how many."""
    pairs = list(itertools.combinations(words, 2))
    if not pairs:
        return ""
    alike = [len(set(one) & set(other)) for one, other in pairs]
    return f"{sum(alike) / len(alike):.1f} of {max(map(len, words))}"


def table_of(rows: list[tuple[str, ...]], seeds: int, long: int) -> TableData:
    """Return the table of all cases."""
    known = "the best of the seeds" + (f" and of a search with {long} trials" if long else "")
    note = (
        f"Points of pessimistic top-1; asked: at most {ASKED:g} on each seed. Best known is {known}. {seeds} seeds, 240 trials, pieces "
        "of the first seed priced in its time. Words: the parts in which --details says what no evidence tells from the choice "
        "(stem, stages, activation, norm); those that two seeds say in the same words, mean over pairs of seeds."
    )
    return table("Regret of a default study", COLUMNS, rows, COLUMNS[2:], note)


@click.command()
@click.option(
    "--case",
    "cases",
    multiple=True,
    required=True,
    help="DEVICE=BUDGET, such as iphone12=2ms, with limits behind it: iphone12=2ms,params=8M.",
)
@click.option("--seeds", default=5, show_default=True)
@click.option("--long", default=960, show_default=True, help="Trials of the search with more; 0 for none.")
def main(cases: tuple[str, ...], seeds: int, long: int) -> None:
    """Write the table anew after each case, so that what is done is kept."""
    rows = []
    for case in cases:
        question, *limits = case.split(",")
        device, _, budget = question.partition("=")
        most = Limits(**read_limits(**dict(one.split("=") for one in limits)))
        rows.append(row_of(device, milliseconds(budget), most, seeds, long))
        replace_block(NOTES, "search_regret", table_of(rows, seeds, long).markdown())
        click.echo(" | ".join(rows[-1]))


if __name__ == "__main__":
    main()
