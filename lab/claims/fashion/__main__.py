"""Run the experiment of studies/fashion.

Usage: python -m lab.claims.fashion prepare SOURCE WORK    write the pictures, and time each kind of work (the machine must be idle)
       python -m lab.claims.fashion run WORK               do what is left; start it once for each core, and again after a stop
       python -m lab.claims.fashion report                 write the findings of all rows so far into studies/fashion/README.md

SOURCE holds Fashion-MNIST's four idx files; WORK is a folder outside the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from lab.claims.fashion.alone import Bench
from lab.claims.fashion.costs import Costs, measure, read_costs, write_costs
from lab.claims.fashion.inputs import FOLDER, Work, read_inputs
from lab.claims.fashion.jobs import run
from lab.claims.fashion.pictures import write_pictures
from lab.claims.fashion.report import arms_markdown, ranking_markdown, served_markdown, shifts_markdown
from lab.claims.fashion.rows import Estimate, Pick, Training, read_table
from lab.claims.fashion.shifted import shifts
from lab.marked import replace_block


def write_report(bench: Bench, costs: Costs) -> None:
    """Write every table of the findings."""
    inputs, home = bench.inputs, FOLDER / "README.md"
    trainings, picks = read_table("trainings", Training), read_table("picks", Pick)
    estimates = read_table("estimates", Estimate)
    designs = {one.design: bench.subnet(one.design) for one in picks}
    # not drawn again: which designs lie in the band depends on the prices of the day
    ranked = tuple(dict.fromkeys(one.design for one in estimates))
    replace_block(home, "ranking", ranking_markdown(trainings, estimates, ranked, inputs))
    replace_block(home, "arms", arms_markdown(picks, trainings, inputs))
    replace_block(home, "devices", shifts_markdown(shifts(picks, designs, inputs), inputs))
    replace_block(home, "cost", served_markdown(picks, costs, inputs))


def main() -> None:
    """Do what the first word says."""
    torch.set_num_threads(1)
    match sys.argv[1:]:
        case ["prepare", source, work]:
            bench = Bench(read_inputs(), Work(Path(work)))
            write_pictures(Path(source), bench.inputs, bench.work)
            write_costs(measure(bench))
        case ["run", work]:
            run(Bench(read_inputs(), Work(Path(work))), read_costs())
        case ["report"]:
            write_report(Bench(read_inputs(), Work(Path())), read_costs())
        case _:
            sys.exit(__doc__)


main()
