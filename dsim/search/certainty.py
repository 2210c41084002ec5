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

from dsim.search.explore import explore
from dsim.search.grid import Grid
from dsim.search.score import Scorer
from dsim.search.table import Floats
from dsim.search.trials import Swept

CHANCES = (0.5, 0.8, 0.9, 0.95)
AGAIN, MOST_AGAIN = 20, 6  # of so many mixes one is swept again for each chance, and at most how many


def all_chances(asked: float) -> tuple[float, ...]:
    """Return the chances that are shown, the one asked for among them, in rising order."""
    return tuple(sorted({*CHANCES, asked}))


def swept_again(
    grids: Sequence[Grid],
    swept: Sequence[Swept],
    rows: Sequence[Floats],
    scorer: Scorer,
    chances: Sequence[float],
    seed: int,
) -> list[tuple[Grid, list[int]]]:
    """Sweep the mixes that lead at other chances again, and return the best point of each.

    Parameters
    ----------
    grids, swept, rows
        Of each mix: its grid, what its sweep kept, and the joined rows of that.
    scorer
        Of the search.
    chances
        Of fitting the budget; the scorer's own needs no second sweep.
    seed
        Of the search.
    """
    count = min(len(grids) // AGAIN, MOST_AGAIN)
    found = []
    for chance in chances:
        if chance == scorer.confidence or not count:
            continue
        at = replace(scorer, chance=chance)
        for number in _leading(rows, at)[:count]:
            best = explore(grids[number], at, seed, swept[number].points).points[0]
            found.append((grids[number], [int(index) for index in best]))
    return found


def _leading(rows: Sequence[Floats], at: Scorer) -> NDArray[np.int64]:
    """Return the numbers of mixes, that with the best kept design first."""
    owner = np.repeat(np.arange(len(rows)), [len(one) for one in rows])
    order = owner[at.order(at.score(np.concatenate(list(rows))))]
    _, first = np.unique(order, return_index=True)
    return order[np.sort(first)].astype(np.int64)
