"""The spaces of the table of bounds: what is proved of the smallest, against the score of every design."""

from __future__ import annotations

import pytest

from dsim.accuracy import load_accuracy_model
from dsim.latency import load_model
from dsim.search.exact import exact_optimum
from dsim.search.knapsack import CLOSE
from dsim.search.mix import all_mixes
from dsim.search.proof import by_boxes
from dsim.search.score import Scorer
from dsim.search.table import CostTable
from lab.validate.gp_bound import SPACES, State, Watch


@pytest.mark.slow
def test_the_small_space_is_proved_as_enumeration_says() -> None:
    latency, accuracy = load_model("iphone12"), load_accuracy_model()
    scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), 2.0, 0.9)
    space = SPACES["small"]
    exact = exact_optimum(space, scorer)
    found = by_boxes(space, scorer, (next(all_mixes(space)), (0,) * 12))
    assert found is not None
    assert exact.top1_low - 1e-9 <= found.top1_low <= exact.top1_low + CLOSE + 1e-9


def test_a_watch_keeps_a_state_for_each_second_that_came() -> None:
    state = State(80.0, 81.0, False, 1, 0)
    assert not Watch((0.0, 0.0))(state)
    long = Watch((0.0, 1e9))
    assert long(state)
    assert long.states == [state]
