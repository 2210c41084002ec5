"""How many bytes a number takes, from the words of every profile that is shipped."""

from __future__ import annotations

import tomllib

import pytest

from dsim.device.folders import list_profiles
from dsim.device.number_bytes import number_bytes


@pytest.mark.parametrize(
    ("precision", "weight", "activation"),
    [
        ("float16", 2, 2),
        ("float32", 4, 4),
        ("bfloat16, images and scores in float32", 2, 2),
        ("8-bit weights, 16-bit activations", 1, 2),
        ("8-bit weights and activations", 1, 1),
        ("float16 (AMP)", 4, 2),
        ("float, weights stored in 16 bits", 2, 4),
        ("float32 weights; Core ML chooses the arithmetic", 4, 4),
    ],
)
def test_words_on_precision(precision: str, weight: int, activation: int) -> None:
    found = number_bytes(precision)
    assert (found.weight, found.activation, found.stated) == (weight, activation, True)


def test_what_is_not_stated_counts_as_32_bits() -> None:
    found = number_bytes("unstated")
    assert (found.weight, found.activation, found.stated) == (4, 4, False)
    shipped = (tomllib.loads((folder / "profile.toml").read_text()) for folder in list_profiles().values())
    told = {one["precision"] for one in shipped if not number_bytes(one["precision"]).stated}
    assert told <= {"unstated", "float"}
