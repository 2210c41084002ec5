"""Limits beside time: how they are read, said and asked for again."""

from __future__ import annotations

import pytest

from dsim.errors import InvalidValueError
from dsim.limits import Limits, LimitUse, amount, read_limits


def test_limits_are_read_from_texts_and_numbers() -> None:
    read = Limits(**read_limits("10M", 1e9, "24MB", "12MiB"))
    assert read == Limits(10e6, 1e9, 24e6, 12 * 2**20)
    assert read.asked == (("params", 10e6), ("macs", 1e9), ("memory", 24e6), ("size", 12 * 2**20))
    assert not Limits()
    assert Limits(params=1.0)


@pytest.mark.parametrize("memory", ["24", "24 parsecs", "-1MB", "0MB", "", "MB"])
def test_a_size_without_its_unit_is_refused(memory: str) -> None:
    with pytest.raises(InvalidValueError, match="write 24MB"):
        read_limits(memory=memory)


def test_a_limit_that_is_not_positive_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="size must be positive, got 0"):
        Limits(size_bytes=0.0)


def test_options_ask_for_the_same_limits_again() -> None:
    asked = Limits(2.5e6, 1.1e9, 24e6, 12 * 2**20)
    words = asked.options
    again = dict(zip((name.removeprefix("--") for name in words[::2]), words[1::2], strict=True))
    assert Limits(**read_limits(**again)) == asked


def test_what_is_used_is_said_beside_what_is_allowed() -> None:
    assert LimitUse("params", 8.214e6, 10e6).words == "8.214 M of 10 M allowed"
    assert LimitUse("memory", 1.5e6, 2e6).words == "1.5 MB of 2 MB allowed"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("params", "1K", "1 K parameters"),
        ("params", "10M", "10 M parameters"),
        ("params", "2.5M", "2.5 M parameters"),
        ("params", "1234567", "1.235 M parameters"),
        ("macs", "0.9G", "0.9 GMACs"),
        ("macs", "10M", "10 MMACs"),
        ("memory", "24MB", "24 MB of activations"),
        ("memory", "512KiB", "512 KiB of activations"),
        ("size", "12MiB", "12 MiB of weights"),
        ("size", "1.5GB", "1.5 GB of weights"),
    ],
)
def test_a_limit_is_named_as_a_person_writes_it(name: str, text: str, said: str) -> None:
    asked = Limits(**read_limits(**{name: text}))
    assert asked.suffix == f"-{name}-{text}"
    assert asked.words == f"at most {said}"


def test_what_is_used_has_the_unit_of_what_is_allowed() -> None:
    assert LimitUse("size", 9 * 2**20, 12 * 2**20).words == "9 MiB of 12 MiB allowed"
    assert LimitUse("params", 800.0, 1e3).words == "0.8 K of 1 K allowed"
    assert amount("macs", 800e3, 1e6) == "0.8 MMACs"


def test_what_is_far_above_the_limit_has_a_unit_of_its_own() -> None:
    assert amount("macs", 143.5e6, 100e3) == "0.1435 GMACs"
    assert amount("params", 1.499e6, 1e3) == "1.499 M parameters"


@pytest.mark.parametrize(
    ("value", "said"),
    [(2.879e6, "2.879 M parameters"), (1499.0, "1.499 K parameters"), (12e3, "0.012 M parameters")],
)
def test_a_figure_keeps_its_usual_unit_unless_little_is_left_of_it(value: float, said: str) -> None:
    assert amount("params", value) == said
