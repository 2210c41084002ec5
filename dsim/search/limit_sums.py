"""What designs use of the budget and of each limit that adds up, as sums over their options: shares, of which a design may use 1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.rounding import limit
from dsim.search.options import Options
from dsim.search.programme import Amounts
from dsim.search.score import Scorer
from dsim.search.sums import LeastSums
from dsim.search.table import CostTable, Floats, Row

# of what `Ceiling.used` returns, those that are sums over pieces: all but what a design holds at once
ADDED_UP = (0, 1, 3)


def amounts_of(options: Options, table: CostTable, of: Callable[[Row], Floats]) -> Amounts:
    """Return what the options of each stage and the downsamplers have of one thing; ``of`` tells it for N rows, shape (N,)."""
    downs = [of(table.cut(one.reshape(-1, one.shape[-1]))).reshape(one.shape[:2]) for one in options.downs]
    return Amounts(tuple(of(table.cut(one.rows)) for one in options.stages), tuple(downs))


def time_used(
    options: Options, scorer: Scorer, sums: LeastSums, there: Floats, signs: tuple[bool, ...]
) -> Amounts:
    """Return the shares of the budget that designs need at least.

    Parameters
    ----------
    there
        Vector (F,) of a design, at which they are as near as can be.
    signs
        Which warning signs (S,) the designs hold; ``sums`` must know what such designs need.
    """
    budget_ms = limit(scorer.budget_ms)

    def needs(phi: Floats) -> tuple[Floats, float]:
        found = sums.needs_ms(phi, there, signs)
        assert found is not None
        return found[0] / budget_ms, found[1] / budget_ms

    amounts = amounts_of(options, scorer.table, lambda row: needs(row.phi)[0])
    first = amounts.stages[0] + needs(there[None])[1]  # a design takes one option of the first stage
    return replace(amounts, stages=(first, *amounts.stages[1:]))


def limits_used(options: Options, table: CostTable) -> tuple[Amounts, ...]:
    """Return the shares of each limit beside time that adds up; none where there is no such limit."""
    ceiling = table.ceiling
    if ceiling is None:
        return ()

    def share(row: Row, at: int) -> Floats:
        assert row.amounts is not None
        return ceiling.used(row.amounts)[:, at] / limit(float(ceiling.most[at]))

    asked = [at for at in ADDED_UP if np.isfinite(ceiling.most[at])]
    return tuple(amounts_of(options, table, partial(share, at=at)) for at in asked)


def within_alone(rows: Floats, table: CostTable) -> NDArray[np.bool_]:
    """Return which options (N,) break no limit beside time by themselves, what they hold at once included."""
    ceiling, columns = table.ceiling, table.cut(rows).amounts
    if ceiling is None or columns is None:
        return np.ones(len(rows), dtype=bool)
    return ceiling.within(ceiling.shares(columns))
