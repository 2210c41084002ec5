"""What was measured, said before what is predicted."""

from __future__ import annotations

from dataclasses import replace

from dsim.accuracy.recipe import Augment
from dsim.report.compared import short_comparison
from dsim.report.tiers import contrasts_in_words, measured_tables, regrets_in_words
from dsim.shift import Interval
from dsim.shift.equal_top1 import AtEqualTop1
from dsim.shift.in_common import RecipeClass
from dsim.shift.measured import Agreement
from dsim.shift.measured_regret import AtBudget, MeasuredRegret
from dsim.shift.shared_contrasts import SharedContrast
from dsim.shift.stack import Pair, Part, Shift
from dsim.shift.tiers import NOTHING, Measured
from tests.report.records import comparison

PAIR = Pair("one", "two", Shift.STACK, (Part("chip", "c", "c"), Part("precision", "float32", "bfloat16")))
CHANGE = SharedContrast(
    PAIR, "norm:batch>layer", "a block", False, Interval(43, 39, 48), Interval(198, 184, 213)
)
CLASS = RecipeClass("usual", False, Augment.STRONG)
LOSS = MeasuredRegret(
    "one", "two", PAIR, ((CLASS, 9),), 9, 5, Interval(1.5, 0.5, 1.9), Interval(0.0, 0.0, 0.4), True,
    (AtBudget(CLASS, 5, 1.0, 2.0, "resnet50@224", "resnet18@224", 156.0, 6.8),),
)  # fmt: skip
SAME = AtEqualTop1("one", "two", PAIR, 0.03, 62.2, 41.3, Interval(50.6, 47.2, 54.0))
MADE = Measured((CHANGE,), (LOSS,), (Agreement("one", 19, 0.0, 0.048, 19, 19, 19, 11, 11),), (SAME,))


def test_the_tiers_stand_in_their_order_before_the_predictions() -> None:
    lines = short_comparison(comparison(("iphone12", "pixel6-cpu")), "", 400, MADE)
    text = "\n".join(line.plain for line in lines)
    assert [text.index(f"{n}. ") for n in (1, 2, 3, 4)] == sorted(text.index(f"{n}. ") for n in (1, 2, 3, 4))
    assert (
        "batch to layer in a block: +43% (+39 to +48) on one, +198% (+184 to +213) on two (precision differ)"
        in text
    )
    assert "157 times the budget" in text
    assert "for one takes longer on two, +51% (+47 to +54), than that device's own" in text
    assert "one: 19 of 19 within 10% of the prediction, worst 4.8% off" in text


def test_what_is_not_there_is_said() -> None:
    text = "\n".join(line.plain for line in short_comparison(comparison(("iphone12", "pixel6-cpu")), "", 400))
    assert "no single change was timed on two of these devices" in text
    assert "too few networks that were trained alike" in text
    assert "dsim measure compared" in text
    assert measured_tables(NOTHING) == ()


def test_noise_is_no_finding() -> None:
    weak = replace(LOSS, exceeds=False)
    assert "none of 1 choices by another device's clock loses more than noise alone" in regrets_in_words(
        Measured(regrets=(weak,))
    )
    touching = replace(CHANGE, on_b=Interval(60, 48, 70))
    assert "all intervals overlap" in contrasts_in_words([touching])
    contrasts, regret = measured_tables(Measured((touching,), (weak,)))
    assert contrasts.rows[0][-1] == "no"
    assert regret.rows[0][3:6] == ("1.50 (0.50 to 1.90)", "0.0 (up to 0.4)", "1 of 1")
