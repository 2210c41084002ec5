"""The planted task: attention is needed for one rule, and by construction for nothing else."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL", reason="needs pip install 'dsim[supernet]'")

import torch

from dsim.supernet.choices import Choices
from dsim.supernet.elastic import Elastic
from lab.claims.planted_attention import SPACE, Row, answer, held, picked, read_asked, read_rows
from lab.claims.planted_pictures import (
    HIGH,
    LEFT,
    PX,
    RIGHT,
    WIDE,
    Drawn,
    Rule,
    class_of,
    picture,
    write_pictures,
)


def test_rules_see_the_same_pictures(tmp_path: Path) -> None:
    folders = [write_pictures(tmp_path / rule, rule, 24, seed=3) for rule in Rule]
    one, two = ({path.name: path.read_bytes() for path in folder.glob("*/*.png")} for folder in folders)
    assert one == two
    assert len(one) == 24
    coins = [Drawn(left, right, upright) for left in (0, 1) for right in (0, 1) for upright in (0, 1)]
    assert [class_of(Rule.RELATION, drawn) for drawn in coins] == [1, 1, 0, 0, 0, 0, 1, 1]
    assert [class_of(Rule.LOCAL, drawn) for drawn in coins] == [0, 1] * 4


def test_marks_are_what_they_are_said_to_be() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        values, drawn = picture(rng)
        for kind, column in ((drawn.left, LEFT), (drawn.right, RIGHT)):
            strip = values[:, column : column + WIDE].mean(axis=1)
            marked = np.abs(strip - 128) > 45
            assert marked.sum() == HIGH
            assert (strip[marked].mean() > 128) == bool(kind)
        ground = values[:, LEFT + WIDE : RIGHT].astype(float)
        spread = [ground.mean(axis=axis).std() for axis in (1, 0)]  # of rows, of columns
        assert int(np.argmax(spread)) == drawn.upright


def test_how_often_attention_is_picked() -> None:
    # of two paths with noise in [0, 1), one that leads by d wins unless the other's noise makes up for it: 1 - (1 - d)^2 / 2
    assert picked((0.0, 0.3, -5.0), 1) == pytest.approx(1 - 0.7**2 / 2, abs=1e-4)
    assert picked((0.0, 0.0, 0.0), 1) == pytest.approx(1 / 3, abs=1e-3)
    assert held([(0.0, 0.0, 0.0)] * 2) == pytest.approx(0.0, abs=1e-3)
    assert held([(0.0, 2.0, 0.0), (0.0, -2.0, 0.0)]) == pytest.approx(4 / 9, abs=1e-6)
    assert held([(0.0, -2.0, 0.0)] * 2) == pytest.approx(-5 / 9, abs=1e-6)


def interaction(net: Elastic, largest: bool, shift: int) -> float:
    """Return how far scores are from a sum of what the left mark gives and what the right one gives."""
    pictures = torch.zeros(4, 3, PX, PX)
    for number in range(4):
        for bit, column in ((number & 1, LEFT + shift), (number >> 1, RIGHT + shift)):
            pictures[number, :, 40 : 40 + HIGH, max(column, 0) : column + WIDE] = 2.0 if bit else -2.0
    subnet = net.choices.largest if largest else net.choices.smallest
    with torch.no_grad():
        scores = net.cut_module(subnet).eval()(pictures)
    return float((scores[0] - scores[1] - scores[2] + scores[3]).abs().max())


def test_without_attention_scores_are_sums_over_places() -> None:
    net = Elastic(Choices(SPACE), PX, 2, seed=0)
    generator = torch.Generator().manual_seed(1)
    for weight in net.weights.values():
        weight.data += 0.3 * torch.randn(weight.shape, generator=generator)
    # by a sum one cannot tell alike (0 and 3) from unlike (1 and 2), and training shifts pictures by up to 12 px
    for shift in (-12, 12):
        assert interaction(net, False, shift) < 1e-4
        assert interaction(net, True, shift) > 1e-2


def test_the_answer_is_arithmetic() -> None:
    def rows(rule: Rule, values: tuple[float, ...]) -> list[Row]:
        return [
            Row(str(rule), "ablation", seed, 0, "all exchanged", value, 0.1, 16, 0.2, 99.0, 60.0)
            for seed, value in enumerate(values)
        ]

    asked = dataclasses.replace(
        read_asked(),
        seeds={"ablation": (0, 1, 2), "gumbel": (0, 1, 2)},
        t_quantile={"ablation": 2.92, "gumbel": 2.92},
        least_rise=0.1,
        most_share_of_relation=0.2,
    )
    # 0.4, 0.5 and 0.6: mean 0.5, standard error 0.1 / sqrt(3), times 2.92 is 0.1686
    told = answer([*rows(Rule.RELATION, (0.4, 0.5, 0.6)), *rows(Rule.LOCAL, (0.0, 0.01, 0.02))], asked)
    assert "ablation, relation: all exchanged +0.5000 (+0.3314 to +0.6686, 90%)" in told
    # 0.40, 0.49 and 0.58: mean 0.49, 2.92 * 0.09 / sqrt(3) is 0.1517
    assert "ablation: difference, seed by seed, +0.4900 (+0.3383 to +0.6417, 90%)" in told
    # 0.01 + 2.92 * 0.01 / sqrt(3) is 0.0269, below 0.1
    assert "ablation: high where it is needed: True; near zero where it is not: True" in told
    assert told[-1] == "6.0 CPU minutes"
    none = answer([*rows(Rule.RELATION, (0.0, 0.5, 0.6)), *rows(Rule.LOCAL, (0.0, 0.2, 0.2))], asked)
    assert "ablation: high where it is needed: False; near zero where it is not: False" in none
    assert read_rows(Path("nowhere.parquet")) == []
