"""Proposals on made models with known prices, against the optimum of a space that can be listed."""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np
import pytest

from dsim.accuracy.recipe import REFERENCE, Recipe
from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.search import Space
from dsim.search.exact import exact_optimum
from dsim.search.score import Scorer
from dsim.search.table import CostTable
from lab.claims.reality.figures import PublishedNetwork
from lab.claims.reality.propose import Bounds, FitsBy, Proposer
from lab.claims.reality.records import BEYOND, NOTHING_FITS, standing_of
from tests.lab.claims.reality.made import ALONE
from tests.search.fakes import Accuracy, FakeAccuracy
from tests.shift.devices import Priced

SPACE = Space(
    stems=(Stem.TWO_CONVS,),
    mixers=((Mixer.POOLING,),) * 4,
    attentions=(Mixer.ATTENTION,),
    attention_blocks=((0,), (1, 0)),
    activations=(Activation.GELU,),
    norms=(Norm.BATCH,),
    widths=((32, 48), (64, 96), (128, 160), (256, 320)),
    depths=((1, 2), (1, 2), (3, 4), (3, 4)),
    mlp_ratios=((4.0,),) * 4,
)
PRICES = (0.5, 4e-3, 0.0)


class Priceable(Priced):
    identified: ClassVar[dict[str, object]] = {}


class Schooled(FakeAccuracy):
    """Without a teacher a design reaches two points less."""

    def predict(self, summaries: np.ndarray, confidence: float = 0.9, recipe: Recipe = REFERENCE) -> Accuracy:
        found = super().predict(summaries, confidence)
        less = 2.0 * (recipe.teacher is not REFERENCE.teacher)
        return Accuracy(found.top1 - less, found.low - less, found.high - less)


@pytest.fixture(scope="module")
def proposer() -> Proposer:
    return Proposer("made", Priceable(PRICES), Schooled(), Bounds(trials=4, space=SPACE))


@pytest.mark.parametrize(("held", "room"), [(FitsBy.UPPER, 1.0), (FitsBy.ESTIMATE, 1.1)])
def test_the_best_design_is_found_and_only_one_way_pays_for_doubt(
    proposer: Proposer, held: FitsBy, room: float
) -> None:
    found = proposer.propose(0.75, held, ALONE)
    # the interval is 10% either side, so holding the estimate is holding the upper end of a budget 10% larger
    latency, accuracy = Priceable(PRICES), Schooled()
    scorer = Scorer(latency, accuracy, CostTable(latency, accuracy), 0.75 * room, 0.9)
    assert found is not None
    assert found.arch == exact_optimum(SPACE, scorer).arch
    assert found.high_ms == pytest.approx(1.1 * found.latency_ms)
    assert found.alike == pytest.approx(found.top1 - 2.0)
    assert found.binding


def test_what_cannot_be_compared_says_why(proposer: Proposer) -> None:
    figure = PublishedNetwork("net", "net@224", 0.01, 70.0, None, True)
    nothing = standing_of("made", figure, FitsBy.UPPER, proposer.propose(0.01, FitsBy.UPPER, None))
    assert (nothing.why_not, nothing.compared, nothing.design) == (NOTHING_FITS, False, "")
    large = standing_of("made", figure, FitsBy.UPPER, proposer.propose(50.0, FitsBy.UPPER, None))
    assert (large.why_not, large.compared) == (BEYOND, False)
    assert math.isnan(large.alike)
    assert large.recipe == "unknown"
