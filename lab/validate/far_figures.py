"""Count how often a wrong figure among few is told, and a right one is blamed: every bundled device in turn is the new one.

Usage: python -m lab.validate.far_figures [DRAWS]      (default 12 draws a device; a minute or two)

A device's chip is left out of the donors, in every runtime and precision. One of a few measured networks is made so many
times slower; `dsim.latency.methods.few_shot.outliers.far_figures` judges them all. Prints a table for lab/notes/adapting.md.
"""

from __future__ import annotations

import sys

import numpy as np

from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.outliers import far_figures
from dsim.latency.methods.few_shot.reference import measured_ms, reference
from dsim.latency.methods.few_shot.table import donor_table
from dsim.latency.methods.few_shot.teachers import donors

COUNTS = (3, 4, 5, 8)
FACTORS = (5.0, 10.0, 30.0, 1000.0, 0.1, 0.001)
LEAST = 12  # networks of a device that is asked


def main() -> None:
    """Print the table."""
    draws = int(sys.argv[1]) if len(sys.argv) > 1 else 12
    table, at = donor_table(learner_of), reference().at
    profiles = {profile.name: profile for profile in donors()}
    chips = np.array([profiles[str(name)].chip for name in table.names])
    measured = {str(name): sorted(set(measured_ms(profiles[str(name)])) & set(at)) for name in table.names}
    rng = np.random.default_rng(0)
    print(f"| measured | right ones blamed, % | {' | '.join(f'{f:g} times told, %' for f in FACTORS)} |")
    print("| ---: " * (len(FACTORS) + 2) + "|")
    for count in COUNTS:
        told, blamed = dict.fromkeys(FACTORS, 0), 0
        cases = 0
        for donor, name in enumerate(table.names):
            keys = measured[str(name)]
            others = chips != chips[donor]
            for _ in range(draws if len(keys) >= LEAST else 0):
                drawn = [str(key) for key in rng.choice(keys, count, replace=False)]
                rows = [at[key] for key in drawn]
                log_ms, said = table.log_ms[rows, donor], table.log_ms[rows][:, others]
                cases += 1
                blamed += bool(far_figures(drawn, log_ms, said))
                for factor in FACTORS:
                    wrong = log_ms.copy()
                    wrong[0] += np.log(factor)
                    told[factor] += any(far.at == 0 for far in far_figures(drawn, wrong, said))
        cells = (f"{100 * told[factor] / cases:.0f}" for factor in FACTORS)
        print(f"| {count} | {100 * blamed / cases:.1f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
