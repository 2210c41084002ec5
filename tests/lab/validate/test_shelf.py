"""What the first of a shortlist gives up, on three networks by hand."""

from __future__ import annotations

import numpy as np

from dsim.latency.scoring import Held
from dsim.shift.measured_regret import budgets_of
from lab.validate.selected import Candidate
from lab.validate.shelf import Pick, picks, row


def candidate(name: str, measured: float, needs: float) -> Candidate:
    return Candidate(Held("d", name, name, measured, measured, measured, needs, "", "inside"), needs, 1.0)


def test_points_are_lost_where_the_margin_leaves_the_best_out() -> None:
    every = [candidate("a", 1.0, 1.0), candidate("b", 2.0, 9.0), candidate("c", 3.0, 2.9), candidate("x", 9.0, 1.0)]  # fmt: skip
    found = picks(every, {"a": 70.0, "b": 75.0, "c": 80.0})  # x has no top-1
    budgets = budgets_of(np.array([1.0, 2.0, 3.0]))
    for budget, pick in zip(budgets, found, strict=True):
        if budget < 2.0:  # a alone fits, and is first
            assert (pick.best, pick.first, pick.lost) == (70.0, 70.0, 0.0)
        elif budget < 2.9:  # b fits, and is left out for its margin
            assert (pick.best, pick.first, pick.lost) == (75.0, 70.0, 5.0)
        else:  # c is first, and over the budget
            assert pick.first == 80.0
            assert (pick.over > 1.0) == (budget < 3.0)
            assert (pick.lost is None) == (budget < 3.0)


def test_the_row_counts_what_has_no_figure_apart() -> None:
    found = [Pick(75.0, 70.0, 0.9), Pick(75.0, 75.0, 1.0), Pick(75.0, None), Pick(75.0, 80.0, 1.25)]
    assert row("d", 30, found) == ("d", "30", "4", "1", "1 (by at most 25%)", "2.5", "5.0")
