"""Plays of `dsim confirm`: counted by hand on three networks."""

from __future__ import annotations

import numpy as np

from dsim.confirm import Belief
from lab.claims.confirm_simulated import MOST, Play, play, simulated_table


def test_a_play_ends_when_the_choice_is_that_of_all_timings() -> None:
    points = np.array([80.0, 83.0, 86.0])
    belief = Belief(
        np.array([1.0, 1.9, 4.0]), np.diag([0.0004, 0.01, 0.0004]), np.zeros(3), points, points, 2.0, 0.9
    )
    measured = np.array(
        [1.0, 1.5, 4.0]
    )  # the second fits well: three points more than what is chosen at first
    assert play(belief, measured, lambda _, left: left[0]) == (2, 3.0)
    assert play(belief, measured, lambda _, left: 1 if 1 in left else left[0]) == (1, 3.0)
    slow = np.array([1.0, 3.0, 4.0])  # it does not: the first choice was right
    assert play(belief, slow, lambda _, left: left[0]) == (0, 0.0)


def test_the_table_says_where_a_play_did_not_end() -> None:
    text = simulated_table([Play("iphone12", 2.0, 20, 1.5, 3, MOST + 1.0)])
    assert "| iphone12 | 2 | 20 | 1.5 | 3 | over 12 |" in text
