"""What certainty costs: the best design at every chance is close to the optimum there, and none fits where cliffs alone are likelier."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from dsim.search.certainty import AGAIN, CHANCES, all_chances
from dsim.search.exact import exact_optimum
from dsim.search.mix import all_mixes
from dsim.search.study import search_mixes
from tests.search.test_study import SMALL, scorer, spec

SPACE = SMALL.fixed(
    widths=((32, 48), (64,), (128, 160, 224), (256, 448)), depths=((1, 2), (1,), (3, 4), (3, 4))
)


def test_the_best_design_at_each_chance_is_the_optimum_there_or_close_to_it() -> None:
    assert len(list(all_mixes(SPACE))) >= AGAIN  # so that some are swept again
    found = search_mixes(spec(trials=500, space=SPACE), scorer(), "a", chances=CHANCES)
    for one in found.certainty:
        exact = exact_optimum(SPACE, replace(scorer(), confidence=one.chance))
        assert one.best is not None
        assert exact.top1_low - 0.1 <= one.best.top1_low <= exact.top1_low + 1e-9
        assert one.best.p_fits >= one.chance - 1e-9
    assert [one.best for one in found.certainty if one.chance == 0.9] == [found.chosen]
    reached = [one.best.top1_low for one in found.certainty if one.best]
    assert all(more >= less for more, less in itertools.pairwise(reached))


def test_the_chance_that_is_asked_for_stands_among_the_others() -> None:
    assert all_chances(0.9) == (0.5, 0.8, 0.9, 0.95)
    assert all_chances(0.99) == (0.5, 0.8, 0.9, 0.95, 0.99)


def test_a_design_that_falls_too_often_never_fits_whatever_the_budget() -> None:
    # attention leaves the accelerator with a chance of 4%, everything else with 1%
    for confidence, chances in ((0.98, (0.9, 0.98)), (0.995, (0.9, 0.995))):
        sure = replace(scorer(1000.0), confidence=confidence)
        found = search_mixes(
            spec(trials=4, budget_ms=1000.0, confidence=confidence), sure, "a", chances=chances
        )
        assert found.certainty[0].best is not None
        if confidence == 0.98:
            assert found.chosen is not None
            assert not any(stage.attention_blocks for stage in found.chosen.arch.stages)
            assert not any(math.isnan(one.needs_ms) for one in found.front)
        else:
            assert (found.chosen, found.front, found.certainty[1].best) == (None, (), None)
            assert math.isnan(found.fastest.needs_ms)
