"""Sums over pieces that no network needs less than, against the price of the whole."""

from __future__ import annotations

import random

import numpy as np
import pytest

from dsim.latency import load_model
from dsim.search.identified import keep_identified
from dsim.search.piece_vectors import PieceVectors
from dsim.search.random_designs import random_design
from dsim.search.space import Space

DESIGNS = 40


@pytest.mark.parametrize(
    ("device", "chance"),
    [
        ("iphone12", 0.9),
        ("iphone12", 0.95),
        ("iphone13", 0.9),
        ("epyc-zen4-onnxruntime", 0.95),
        ("galaxy-s23-gpu", 0.8),
    ],
)
def test_no_network_needs_less_than_its_sum(device: str, chance: float) -> None:
    model = load_model(device)
    space = keep_identified(Space(), model.identified)[0]
    vectors, drawn = PieceVectors(model), random.Random(0)
    designs = [random_design(drawn, space) for _ in range(DESIGNS)]
    sums = model.sums(chance)
    assert sums is not None
    whole = np.array([vectors.whole(arch) for arch in designs])
    needs = model.price(whole, 0.9, chance).needs_ms
    near = []
    for arch, own, needed in zip(designs, whole, needs, strict=True):
        pieces = np.array([vectors.of(part) for _, part in arch.parts()])
        held = tuple(sums.signs(pieces).any(axis=0).tolist())
        for there in (own, whole[0], whole[1]):
            found = sums.needs_ms(pieces, there, held)
            assert found is not None
            total = found[0].sum() + found[1]
            assert total <= needed * (1 + 1e-9)
            if there is own and np.isfinite(needed):
                near.append(total / needed)
    assert np.median(near) > 0.95  # it says something


def test_a_correction_of_the_whole_has_no_sum() -> None:
    assert load_model("i9-10940x").sums(0.9) is None


def test_below_the_estimate_nothing_is_known() -> None:
    model = load_model("iphone12")
    sums = model.sums(0.3)
    assert sums is not None
    there = np.ones(len(model.columns))
    assert sums.needs_ms(there[None], there, (False,) * 5) is None
