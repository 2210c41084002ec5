"""How often `dsim confirm` is certain after its planned timings, and whether it is right then: times drawn from what is believed.

For each case a small study is searched, and its plan made. Then the times of all its designs are drawn from the belief, again and again;
those of the planned designs are written as a sheet, and `dsim.confirm` restates the answer. No drawn design leaves the accelerator.

Usage: python -m lab.claims.confirm_drawn [--case iphone12=2ms]... [--draws 60] [--keep]

With --keep it writes the block ``confirm-drawn`` of lab/notes/search.md.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np

from dsim.confirm.answer import Verdict
from dsim.confirm.belief import NOISE
from dsim.confirm.front import belief_of, confirm, name_of, plan, pool_of
from dsim.device import find_profile
from dsim.report.table import table
from dsim.search import search
from dsim.units import milliseconds
from lab.marked import replace_block
from lab.places import NOTES

CASES = ("i9-10940x=10ms", "iphone12=2ms")
TRIALS = 40
MOST = 4  # designs that are timed


@dataclass(frozen=True)
class Drawn:
    """What came out of one case.

    Attributes
    ----------
    verdicts
        How often each was given.
    certain, fit
        Draws with a certain answer, and those of them in which the chosen design is within the budget.
    lost
        Points of top-1 that a certain answer loses against knowing all times, on average; nan where none is certain.
    """

    device: str
    budget_ms: float
    verdicts: Counter[Verdict]
    certain: int
    fit: int
    lost: float


def play(device: str, budget_ms: float, draws: int, folder: Path) -> Drawn:
    """Search, plan, and draw the times that the planned designs are then said to take."""
    result = search(device, budget_ms, trials=TRIALS, out=folder, name=device)
    study, sheet, rng = folder / device, folder / f"{device}.csv", np.random.default_rng(0)
    pool = pool_of(result)
    belief, names = belief_of(result, find_profile(device), pool), [name_of(one) for one in pool]
    rows = [names.index(step.name) for step in plan(study, MOST).steps]
    verdicts: Counter[Verdict] = Counter()
    fit, lost = 0, []
    for _ in range(draws):
        truth = rng.multivariate_normal(np.log(belief.ms), belief.covariance, method="eigh")
        times = np.exp(truth[rows] + NOISE * rng.standard_normal(len(rows)))
        lines = [f"{names[row]},{ms:.6f}" for row, ms in zip(rows, times, strict=True)]
        sheet.write_text("\n".join(["network,latency_ms", *lines]) + "\n", encoding="utf-8")
        found = confirm(study, [sheet])
        verdicts[found.answer.verdict] += 1
        if found.answer.verdict.needs_more or not found.name:
            continue
        within = np.flatnonzero(truth <= np.log(budget_ms))
        row = names.index(found.name)
        fit += row in within
        best = within[np.argmax(belief.top1_low[within])] if len(within) else row
        lost.append(float(belief.top1[best] - belief.top1[row]))
    return Drawn(device, budget_ms, verdicts, len(lost), fit, float(np.mean(lost)) if lost else float("nan"))


@click.command()
@click.option("--case", "cases", multiple=True, default=CASES, help="DEVICE=BUDGET, such as iphone12=2ms.")
@click.option("--draws", default=60, show_default=True)
@click.option("--keep", is_flag=True)
def main(cases: tuple[str, ...], draws: int, keep: bool) -> None:
    """Play all cases, and print or keep the table."""
    with tempfile.TemporaryDirectory() as folder:
        found = [
            play(device, milliseconds(budget), draws, Path(folder))
            for device, _, budget in (case.partition("=") for case in cases)
        ]
    columns = (
        "profile",
        "budget, ms",
        *(str(one) for one in Verdict),
        "certain answers that fit",
        "points lost",
    )
    body = table(
        f"{draws} draws of all times, {MOST} designs timed",
        columns,
        (
            (
                one.device,
                f"{one.budget_ms:g}",
                *(str(one.verdicts[verdict]) for verdict in Verdict),
                f"{one.fit} of {one.certain}",
                f"{one.lost:.2f}",
            )
            for one in found
        ),
        columns[1:],
        f"Studies of {TRIALS} combinations. Points lost: of predicted top-1, by certain answers, against the choice that knows all times.",
    ).markdown()
    click.echo(body)
    if keep:
        replace_block(NOTES / "search.md", "confirm-drawn", body)


if __name__ == "__main__":
    main()
