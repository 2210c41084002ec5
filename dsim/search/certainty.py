"""The price of certainty: the best design at other chances of fitting the budget, from one search.

A search sweeps its mixes for the best design at the chance that is asked for, and keeps the Pareto front of each. At another
chance the front is much the same, but for designs between two that were kept. So of the mixes that lead at another chance, a
few are swept again at that chance, and what they give joins the designs that are compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from dsim.search.explore import FEW, explore_all
from dsim.search.grid import Grid
from dsim.search.record import Swept
from dsim.search.score import Marks, Scorer
from dsim.search.table import Floats

CHANCES = (0.5, 0.8, 0.9, 0.95)
AGAIN, MOST_AGAIN = 20, 6  # of so many mixes one is swept again for each chance, and at most how many


def all_chances(asked: float) -> tuple[float, ...]:
    """Return the chances that are shown, the one asked for among them, in rising order."""
    return tuple(sorted({*CHANCES, asked}))


def swept_again(
    grids: Sequence[Grid],
    swept: Sequence[Swept],
    rows: Sequence[Floats],
    marks: Marks,
    scorer: Scorer,
    chances: Sequence[float],
    seed: int,
) -> list[tuple[Grid, list[int]]]:
    """Sweep the mixes that lead at other chances again, and return the best point of each.

    Parameters
    ----------
    grids, swept, rows
        Of each mix: its grid, what its sweep kept, and the joined rows of that.
    marks
        Of all these rows, one mix after another.
    scorer
        Of the search.
    chances
        Of fitting the budget; the scorer's own needs no second sweep.
    seed
        Of the search.
    """
    count = min(len(grids) // AGAIN, MOST_AGAIN)
    found = []
    joined = np.concatenate(list(rows)) if count else np.empty((0, 0))
    owner = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    for chance in chances:
        if chance == scorer.confidence or not count:
            continue
        at = replace(scorer, chance=chance)
        leading = _leading(owner, at.order(at.with_needs(marks, joined)))[:count].tolist()
        starts = [swept[number].points for number in leading]
        for number, one in zip(
            leading,
            explore_all([grids[number] for number in leading], at, seed, starts, sample=FEW),
            strict=True,
        ):
            found.append((grids[number], [int(index) for index in one.points[0]]))
    return found


def _leading(owner: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers of mixes, that with the best kept design first."""
    owners = owner[order]
    _, first = np.unique(owners, return_index=True)
    return owners[np.sort(first)].astype(np.int64)
