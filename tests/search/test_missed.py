"""What a search may have missed: the figures worked out by hand, and the families of a small space."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.search.missed import families, rarer_than, worth_of_knowing
from dsim.search.mix import mix_from
from dsim.search.space import Space
from dsim.search.study import search_mixes
from tests.search.test_study import scorer, spec


def test_at_most_three_in_n_are_better_with_95_percent() -> None:
    assert rarer_than(1) == pytest.approx(0.95)
    assert rarer_than(100) == pytest.approx(0.0295, abs=1e-4)  # (1 - 0.0295)^100 is 5%
    assert rarer_than(0) == 1.0


def test_knowing_is_worth_what_the_best_of_each_draw_gains() -> None:
    assert worth_of_knowing(np.array([[80.0, 79.0], [80.0, 81.0]])) == pytest.approx(0.5)
    assert worth_of_knowing(np.array([[80.0, 79.0], [81.0, 81.0]])) == 0.0


def test_families_say_what_does_not_matter() -> None:
    space = Space()
    values = ((32, 64, 128, 224), (2, 2, 6, 3), (4.0,) * 4)
    designs = [
        (mix_from(space, {"stem": stem, "attention_blocks_4": count}), values)
        for stem, count in (("two_convs", 1), ("conv7", 2), ("patchify", 1))
    ]
    said = families(space, designs)
    assert said[0] == "the stem does not matter"
    assert said[1] == "stage 1: 2 pooling, 32 wide"
    assert said[4] == "stage 4: 1 to 2 pooling, 224 wide, then 1 to 2 attention"


def test_a_search_of_every_mix_misses_none() -> None:
    found = search_mixes(spec(trials=500), scorer(), "a")
    assert found.missed is not None
    assert found.missed.at_most == 0.0
    assert found.alike is not None
    assert 1 <= found.alike.mixes <= found.cost.mixes
    part = search_mixes(spec(trials=8), scorer(), "a")
    assert part.missed is not None
    assert part.missed.at_most == rarer_than(part.missed.drawn) > 0
