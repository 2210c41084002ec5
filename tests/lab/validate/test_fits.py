"""Fits of today have the digits that stand beside the format of fits: else caches would serve fits of before."""

from __future__ import annotations

import pytest

from lab.validate.fits import SAMPLES, differ, digits_of, stored_digits

FORMAT, STORED = stored_digits()


@pytest.mark.parametrize("name", [*SAMPLES, "accuracy"])
def test_a_fit_has_the_digits_of_its_format(name: str) -> None:
    fresh = digits_of(name)
    assert not differ(name, fresh, STORED[name]), (
        f"{name}: {fresh}, and format {FORMAT} had {STORED[name]}; where that is meant, run python -m lab.validate.fits, "
        "which raises the format"
    )


def test_a_change_is_seen() -> None:
    values = STORED["iphone13"]
    assert differ("iphone13", [values[0] * 1.001, *values[1:]], values)
    assert differ("iphone13", values[:-1], values)
    assert not differ("iphone13", [value * (1 + 1e-9) for value in values], values)
