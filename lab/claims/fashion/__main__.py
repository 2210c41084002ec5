"""Run the experiment of studies/fashion.

Usage: python -m lab.claims.fashion prepare SOURCE WORK    write the pictures, and time each kind of work (the machine must be idle)
       python -m lab.claims.fashion run WORK               do what is left; start it once for each core, and again after a stop

SOURCE holds Fashion-MNIST's four idx files; WORK is a folder outside the repository.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from lab.claims.fashion.alone import Bench
from lab.claims.fashion.costs import measure, read_costs, write_costs
from lab.claims.fashion.inputs import Work, read_inputs
from lab.claims.fashion.jobs import run
from lab.claims.fashion.pictures import write_pictures


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
        case _:
            sys.exit(__doc__)


main()
