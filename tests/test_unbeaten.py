"""The front of two numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dsim.unbeaten import unbeaten

FEW = st.integers(0, 5)  # so that many are equal


def test_what_a_cheaper_one_matches_is_left_out() -> None:
    gain = np.array([70.0, 72.0, 74.0, 73.0, 76.0])
    assert unbeaten(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), gain).tolist() == [0, 1, 2, 4]
    assert unbeaten(np.array([5.0, 2.0, 9.0, 4.0, 1.0]), gain).tolist() == [4]
    assert unbeaten(np.zeros(0), np.zeros(0)).tolist() == []


@given(st.lists(st.tuples(FEW, FEW), max_size=12))
def test_the_front_is_what_the_definition_says(designs: list[tuple[int, int]]) -> None:
    cost, gain = np.array(designs, dtype=np.float64).reshape(-1, 2).T
    front = [
        n for n, (c, g) in enumerate(designs)
        if not any((oc <= c and og > g) or (oc < c and og == g) or ((oc, og) == (c, g) and m < n)
                   for m, (oc, og) in enumerate(designs))
    ]  # fmt: skip
    assert unbeaten(cost, gain).tolist() == sorted(front, key=lambda n: designs[n][0])
