"""The shared rule: what one piece says, when pieces agree, and which verdict that makes."""

from __future__ import annotations

import pytest

from dsim.errors import InvalidValueError
from lab.claims.paper import Piece, Ruling
from lab.claims.paper.rule import Says, agreed, judged, mirrored, says
from tests.lab.claims.paper.made import piece

SLOWER, NOT_SLOWER = piece(10, 5, 15), piece(-4, -8, 1)


@pytest.mark.parametrize(
    ("value", "low", "high", "expected"),
    [
        (3.0, 0.1, 9, Says.SLOWER),
        (2.9, 0.1, 5, Says.NOT_SLOWER),  # certain, and within what two runs differ by
        (2.9, 0.1, 7, Says.OPEN),
        (8.0, -0.1, 16, Says.OPEN),
        (0.0, -50, 6, Says.NOT_SLOWER),
        (0.0, -2, 6.1, Says.OPEN),
        (-20, -30, -10, Says.NOT_SLOWER),
    ],
)
def test_one_piece(value: float, low: float, high: float, expected: Says) -> None:
    assert says(piece(value, low, high)) is expected


def test_mirror_is_the_inverse_ratio() -> None:
    back = mirrored(piece(25, 0, 100))
    assert (back.value, back.low, back.high) == pytest.approx((-20, -50, 0))
    assert (back.a, back.b) == ("b", "a")


OPEN = piece(8, -1, 17)


@pytest.mark.parametrize(
    ("pieces", "holds_if", "verdict"),
    [
        ([SLOWER], Says.SLOWER, Ruling.HOLDS),
        ([SLOWER], Says.NOT_SLOWER, Ruling.FAILS),
        ([NOT_SLOWER], Says.SLOWER, Ruling.FAILS),
        ([NOT_SLOWER, OPEN], Says.NOT_SLOWER, Ruling.HOLDS),
        ([NOT_SLOWER, OPEN, OPEN], Says.NOT_SLOWER, Ruling.OPEN),
        ([SLOWER, SLOWER, SLOWER, NOT_SLOWER], Says.SLOWER, Ruling.OPEN),
        ([OPEN], Says.SLOWER, Ruling.OPEN),
        ([piece(10, 5, 15, "confounded")], Says.SLOWER, Ruling.OPEN),
        ([], Says.SLOWER, Ruling.OPEN),
    ],
)
def test_verdict(pieces: list[Piece], holds_if: Says, verdict: Ruling) -> None:
    assert judged("s", "d", pieces, holds_if).verdict is verdict


def test_what_does_not_count_gives_no_figure_and_its_reason() -> None:
    check = judged("s", "d", [piece(10, 5, 15, "confounded")], Says.SLOWER, "nothing measured")
    assert (check.value, check.why, check.rests_on) == (None, "nothing measured", "nothing")
    assert len(check.pieces) == 1


def test_figure_is_the_median_and_the_range() -> None:
    check = judged("s", "d", [piece(v, v - 1, v + 1) for v in (4, 10, 31)], Says.SLOWER)
    assert (check.value, check.low, check.high) == (10, 4, 31)
    one = judged("s", "d", [piece(4, 3, 5)], Says.SLOWER)
    assert (one.low, one.high) == (3, 5)
    assert "n=3 (lab)" in check.rests_on


def test_disagreement_is_said() -> None:
    assert "disagrees" in agreed([SLOWER, NOT_SLOWER])[1]


def test_interval_in_the_wrong_order() -> None:
    with pytest.raises(InvalidValueError, match="swap"):
        piece(1, 2, 0)
