"""Findings are what stands after as many questions as were asked, in words that carry their intervals."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import pytest

from dsim.report.findings import findings_table
from dsim.report.null import null_in_words, null_table
from dsim.shift import Cell, Comparison, Flip, Interval, Verdict
from dsim.shift.enough import too_few, withheld
from dsim.shift.false_findings import Null, NullCount
from dsim.shift.files import from_dict, to_dict
from dsim.shift.records import SwapOn, SwapRow
from dsim.shift.stack import Pair, Part, Shift
from dsim.shift.strongest import Sort, asked_and_told, findings, strongest
from tests.shift.test_serial import BEST, ONE, comparison


def made(
    cells: tuple[Cell, ...] = (),
    flips: tuple[Flip, ...] = (),
    rows: tuple[SwapRow, ...] = (),
    refits: int = 20,
) -> Comparison:
    found = comparison()
    what_if = replace(
        found.what_if,
        latency=(("x", Interval(10.0, 9.0, 11.0)), ("y", Interval(50.0, 49.0, 51.0))),
        rows=rows,
    )
    halved = tuple(replace(found.halved[0], fold_seed=split, arch=BEST.arch) for split in range(3))
    return replace(
        found, cells=cells, flips=flips, what_if=what_if, halved=halved, refits=refits, draws=10 * refits
    )


def lost(value: float, half: float, verdict: Verdict = Verdict.DIFFERENCE) -> Cell:
    return Cell("x", "y", verdict, 0.1, 3, ONE, BEST, Interval(value, value - half, value + half))


def test_a_regret_is_held_against_the_number_of_questions() -> None:
    quiet = lost(0.1, 1.0, Verdict.NO_EVIDENCE)
    (one,) = findings(made(cells=(lost(2.0, 1.0), *[quiet] * 9)))
    assert one.chance == pytest.approx(10 * 2 * NormalDist().cdf(-2.0 * 1.6448536269514722))
    assert one.stands
    assert "2.0 points of top-1 (1.0 to 3.0)" in one.text
    (weak,) = findings(made(cells=(lost(1.1, 1.0), *[quiet] * 9)))
    assert not weak.stands
    assert (weak.kind, weak.sort, weak.unit) == ("Stack shift at a fixed chip", Sort.REGRET, "points")


@pytest.mark.parametrize("verdict", [Verdict.SHARED, Verdict.NOT_IDENTIFIED, Verdict.NO_EVIDENCE])
def test_what_may_not_be_judged_is_never_a_finding(verdict: Verdict) -> None:
    assert findings(made(cells=(lost(5.0, 1.0, verdict),))) == ()


def test_a_gain_of_a_foreign_design_is_no_regret() -> None:
    assert findings(made(cells=(lost(-5.0, 1.0),))) == ()


@pytest.mark.parametrize(("seeds", "stands"), [(4, True), (2, False)])
def test_a_flip_says_where_it_pays_and_how_often_it_came_back(seeds: int, stands: bool) -> None:
    flip = Flip(
        "x",
        "y",
        "stem",
        "conv7",
        "patchify",
        Verdict.DIFFERENCE,
        ONE,
        ONE,
        ONE,
        Interval(-8.0, -9.0, -7.0),
        seeds,
        5,
        18,
        20,
    )
    (one,) = findings(made(flips=(flip,)))
    assert "changes stem from conv7 to patchify" in one.text
    assert "8.0% of the budget (7.0 to 9.0) more on y" in one.text
    assert f"{seeds} of 5 searches" in one.text
    assert one.stands is stands


@pytest.mark.parametrize(
    ("ms_y", "told"),
    [
        (Interval(5.0, 4.5, 5.5), True),  # +10% on y against +20% on x
        (Interval(9.5, 4.5, 12.0), False),  # intervals meet
        (Interval(9.2, 9.1, 9.3), False),  # apart, and by less than two runs of one laboratory
    ],
)
def test_swaps_are_compared_in_percent(ms_y: Interval, told: bool) -> None:
    on = (
        SwapOn("x", Verdict.DIFFERENCE, Interval(2.0, 1.9, 2.1)),
        SwapOn("y", Verdict.DIFFERENCE, ms_y),
    )
    found = findings(made(rows=(SwapRow("activation", "relu", "gelu", ONE, on),)))
    assert bool(found) is told
    if told:
        assert found[0].difference.value == pytest.approx(-10.0)
        assert found[0].difference.high == pytest.approx(-10.0 + (1.0 + 1.0) ** 0.5)
        assert "+20.0% (+19.0 to +21.0) on x and by +10.0% (+9.0 to +11.0) on y" in found[0].text


def test_the_strongest_of_each_kind_comes_first_and_stands() -> None:
    found = made(cells=(lost(2.0, 1.0), lost(4.0, 1.0)))
    assert strongest(findings(found))[0].difference.value == 4.0
    parts = (Part("chip", "c", "d"),)
    hardware = replace(found, pairs=(Pair("x", "y", Shift.HARDWARE, parts),))
    assert {one.kind for one in findings(hardware)} == {"Hardware shift (chip alone)"}
    shared = replace(found, pairs=(Pair("x", "y", Shift.STACK, parts, "pool"),), cells=())
    assert findings(shared) == ()


@pytest.mark.parametrize(
    ("refits", "splits", "stands"),
    [(20, 3, True), (1000, 3, True), (19, 3, False), (2, 3, False), (20, 2, False), (20, 0, False)],
)
def test_few_refits_or_halvings_make_no_finding(refits: int, splits: int, stands: bool) -> None:
    whole = made(cells=(lost(9.0, 1.0),), refits=refits)
    found = replace(whole, halved=whole.halved[:splits])
    (one,) = findings(found)
    assert one.stands is stands
    assert (one.chance is None) is not stands
    assert "too few draws" in one.by_chance or stands
    data = findings_table(found)
    assert data.title.startswith(
        "Differences that are significant" if stands else "No difference is significant"
    )
    assert [row[-1] for row in data.rows] == [one.by_chance]


@pytest.mark.parametrize(("refits", "said"), [(20, "< 0.005"), (50, "< 0.002"), (1000, "< 0.0001")])
def test_a_chance_is_stated_no_finer_than_its_draws(refits: int, said: str) -> None:
    (one,) = findings(made(cells=(lost(9.0, 1.0),), refits=refits))
    assert one.by_chance == said  # 9 half-widths from zero, and one in 10 x refits draws is the least


def test_a_chance_that_the_draws_resolve_is_stated() -> None:
    (one,) = findings(made(cells=(lost(1.3, 1.0),)))
    assert one.by_chance == f"{2 * NormalDist().cdf(-1.3 * 1.6448536269514722):.2g}"


@pytest.mark.parametrize(
    ("refits", "halvings", "few"), [(20, 3, False), (19, 3, True), (20, 2, True), (2, 0, True)]
)
def test_what_is_too_few_is_said_with_its_numbers(refits: int, halvings: int, few: bool) -> None:
    said = too_few(refits, halvings)
    assert bool(said) is few
    if few:
        assert f"has {refits} and {halvings}; raise --refits and --seeds" in said


def test_only_a_difference_is_withheld() -> None:
    assert withheld(Verdict.DIFFERENCE) is Verdict.TOO_FEW
    assert all(withheld(verdict) is verdict for verdict in Verdict if verdict is not Verdict.DIFFERENCE)


def test_a_flip_must_exceed_what_a_device_shows_against_itself() -> None:
    size = Interval(-8.0, -9.0, -7.0)
    flip = Flip("x", "y", "stem", "conv7", "patchify", Verdict.DIFFERENCE, ONE, ONE, ONE, size, 4, 5, 18, 20)
    found = made(flips=(flip,))
    for largest, stands in ((7.9, True), (8.1, False)):
        own = Null("y", (NullCount("flip", 12, 1, largest), NullCount("swap", 30, 2, 50.0)))
        elsewhere = Null("z", (NullCount("flip", 12, 1, 99.0),))
        (one,) = findings(replace(found, null=(own, elsewhere)))
        assert one.stands is stands


def test_questions_are_counted_with_those_that_exclude_zero() -> None:
    cells = (lost(2.0, 1.0), lost(0.1, 1.0, Verdict.NO_EVIDENCE), lost(5.0, 1.0, Verdict.SHARED))
    assert asked_and_told(made(cells=cells))[Sort.REGRET] == (2, 1, 2.0)


def test_the_rate_of_false_findings_stands_beside_the_others() -> None:
    cells = (lost(2.0, 1.0), lost(0.1, 1.0, Verdict.NO_EVIDENCE))
    null = (
        Null(
            "x", (NullCount("flip", 8, 1, 3.0), NullCount("regret", 2, 0, 0.4), NullCount("swap", 30, 2, 5.0))
        ),
        Null(
            "y",
            (NullCount("flip", 12, 1, 4.0), NullCount("regret", 2, 1, 1.5), NullCount("swap", 30, 1, 2.0)),
        ),
        Null("z", why_not="half of the evidence is too little"),
    )
    found = replace(made(cells=cells), null=null)
    rows = {row[0]: row[1:] for row in null_table(found).rows}
    assert rows["best designs"] == ("0 of 0", "2 of 20 (10%)", "4.0 % of the budget")
    assert rows[found.words.wanted][:2] == ("1 of 2 (50%)", "1 of 4 (25%)")
    assert rows["one change"][1] == "3 of 60 (5%)"
    assert "2 devices compared with themselves" in null_in_words(found)
    assert "is not known" in null_in_words(made())
    assert from_dict(to_dict(found)).null == null
