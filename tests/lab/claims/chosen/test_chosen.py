"""Designs that halves chose: the control is the profile's own, and the rule finds what was put in, and no more."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from dsim.shift.measured import Timed, design_id, read_measured
from lab.claims.chosen.choose import STACKS
from lab.claims.chosen.control import check_times, drawn_checks, spread_checks
from lab.claims.chosen.judged import ALL, OTHER, OWN, Judged, Speed, Stack, clustered_mean, speed_of
from lab.claims.chosen.report import chosen_block
from lab.claims.chosen.rows import WHOLE, Said, read_picks, read_said
from lab.claims.chosen.rule import finding, need_factor
from lab.claims.chosen.timing import in_order
from lab.claims.interval import Interval
from lab.marked import read_block
from lab.places import NOTES, STUDIES

FOLDER: Path = STUDIES / "chosen"
STACK = "epyc-zen4-onnxruntime"
HALVES = [(split, half) for split in range(15) for half in (0, 1)]


def judged(half: tuple[int, int], slower: float, says: float = 10.0) -> Judged:
    said = Said(STACK, *half, "d", says, 0.95 * says, 1.05 * says, 1.04 * says)
    ms = 10.0 * math.exp(slower)
    return Judged(half, said, ms, ms, 10.5)


def stack(hidden: float) -> Stack:
    """Make a stack whose chosen designs take longer than said by so much (log), and whose checks do not."""
    rng = np.random.default_rng(0)
    noise = iter(rng.normal(0.0, 0.02, 10_000))
    own = tuple(judged(half, hidden + next(noise)) for half in HALVES for _ in range(2))
    other = tuple(judged(half, hidden, says=10.0 * math.exp(hidden)) for half in HALVES for _ in range(2))
    checks = tuple(judged(half, next(noise)) for half in HALVES for _ in range(100))
    speed = Speed(Interval(1.0, 1.0, 1.0), 0.99, 1.01, 24, 1.0)
    return Stack(STACK, speed, (), {OWN: own, OTHER: other, ALL: own}, {OWN: checks, ALL: checks}, ())


def test_what_being_chosen_hides_is_found() -> None:
    found = finding(stack(0.05))
    assert found.too_hopeful
    assert found.clock.low < 100.0 * math.expm1(0.05) < found.clock.high
    assert found.paper.middle == pytest.approx(100.0 * math.expm1(0.05))
    assert found.remedy_helps
    assert found.remedied.middle > found.keeps.middle + 30.0


def test_nothing_is_found_where_nothing_is_hidden() -> None:
    found = finding(stack(0.0))
    assert not found.too_hopeful
    assert found.clock.low < 0.0 < found.clock.high
    assert found.factor < 1.0  # needs were wide enough


def test_the_factor_keeps_nine_in_ten() -> None:
    own = [judged((0, 0), slower) for slower in np.linspace(0.0, 0.09, 10)]
    factor = need_factor(own)
    assert sum(one.ms <= one.said.needs_ms * factor * (1 + 1e-9) for one in own) in (9, 10)


def test_a_cluster_counts_as_one() -> None:
    alone = clustered_mean(range(40), [0.0, 1.0] * 20)
    together = clustered_mean([n // 10 for n in range(40)], [0.0] * 10 + [1.0] * 10 + [0.0] * 10 + [1.0] * 10)
    assert alone.middle == pytest.approx(together.middle)
    assert together.high - together.low > 2.0 * (alone.high - alone.low)


@pytest.mark.parametrize("name", STACKS)
def test_checks_are_drawn_as_they_were(name: str) -> None:
    assert {design_id(arch) for arch in drawn_checks(name)} == check_times(name).keys()


def test_the_speed_is_that_of_the_checks() -> None:
    times = check_times(STACK)
    timed = [
        Timed(STACK, name, 1.03 * times[name], 0.1, 40, 1.0, "a chip", "a runtime")
        for name in (design_id(arch) for arch in spread_checks(STACK, 24))
    ]
    found = speed_of(STACK, timed)
    assert found.checks == 24
    assert found.ratio.middle == pytest.approx(1.03)


def test_checks_lie_between_the_designs() -> None:
    picks, checks = read_picks(FOLDER), spread_checks(STACK, 24)
    order = [design_id(arch) for arch in in_order(picks, STACK, checks)]
    own = {one.design for one in picks if one.stack == STACK}
    places = [order.index(design_id(arch)) for arch in checks]
    assert set(order[: len(own) + len(checks)]) == own | {design_id(arch) for arch in checks}
    assert max(np.diff([0, *places])) <= math.ceil(len(own) / len(checks)) + 1
    assert set(order) >= {one.design for one in picks}


def test_enough_designs_were_chosen_and_timed() -> None:
    picks, timed = read_picks(FOLDER), read_measured(FOLDER)
    for name in STACKS:
        own = {one.design for one in picks if one.stack == name}
        assert len(own) >= 60
        assert own <= {one.design for one in timed if one.device == name}
    assert all(one.split != WHOLE for one in picks)


def test_the_note_says_what_the_rows_say() -> None:
    made = chosen_block(FOLDER, read_picks(FOLDER), read_said(FOLDER))
    assert made == read_block(NOTES / "intervals.md", "chosen")
