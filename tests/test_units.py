"""Durations need a unit; everything else is refused with the reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dsim.errors import InvalidValueError
from dsim.units import COUNTS, SIZES, bytes_of, count, milliseconds, parse_seconds, seconds, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2ms", 0.002),
        ("0.002s", 0.002),
        ("500us", 0.0005),
        ("60s", 60),
        ("10m", 600),
        ("1h", 3600),
        (" 1.5 ms ", 0.0015),
    ],
)
def test_reads(text: str, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2", "needs a unit"),
        ("", "a positive number and a unit"),
        ("ms", "a positive number and a unit"),
        ("2 parsec", "unit must be one of"),
        ("0ms", "must be positive"),
        ("-2ms", "a positive number"),
        ("nanms", "a positive number"),
        ("1e999s", "must be positive and finite"),
        ("2ms3", "a positive number"),
    ],
)
def test_refuses(text: str, message: str) -> None:
    with pytest.raises(InvalidValueError, match=message):
        parse_seconds(text)


def test_budgets_in_python_are_numbers_or_have_a_unit() -> None:
    assert [milliseconds(value) for value in (2, 2.5, "2ms", "500us", "0.002s")] == [2.0, 2.5, 2.0, 0.5, 2.0]
    assert [seconds(value) for value in (None, 60.0, "60s", "1m")] == [None, 60.0, 60.0, 60.0]
    with pytest.raises(InvalidValueError, match="needs a unit"):
        milliseconds("2")


@pytest.mark.parametrize(
    ("text", "number"), [("15M", 15e6), ("1.1g", 1.1e9), ("300k", 3e5), ("7", 7.0), (2e6, 2e6)]
)
def test_reads_counts(text: str | float, number: float) -> None:
    assert count(text) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize("text", ["15 MB", "-1M", "0", "M", "1e999"])
def test_refuses_what_is_no_count(text: str) -> None:
    with pytest.raises(InvalidValueError, match="write 15M"):
        count(text)


@pytest.mark.parametrize("text", ["1K", "10M", "2.5M", "1.1G", "250K", "7", "1234567"])
def test_a_count_is_written_as_it_is_read(text: str) -> None:
    assert "".join(written(count(text), COUNTS, "M")) == text


@given(st.floats(min_value=1e-3, max_value=1e15))
def test_what_is_written_is_read_as_the_same_amount(value: float) -> None:
    for units, usual, read in ((COUNTS, "M", count), (SIZES, "MB", bytes_of)):
        assert read("".join(written(value, units, usual))) == pytest.approx(value, rel=1e-11)
