"""Whole variants of a network: which there are, turns in random order, and ratios in which drift cancels."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.device.variants import Variant, read_variants, write_variants
from dsim.errors import FileFormatError, InvalidValueError
from dsim.measure.variants import LEAST_TURNS, PLAIN, RUNS, WARM_UP, paired_variants, time_turns, variants_of

ONE = Variant("net", "activation:gelu>relu", 10.0, -5.0, -6.0, -4.0, 9, "dsim", "dsim measure")


def test_one_thing_is_changed_everywhere_outside_attention() -> None:
    found = variants_of(get_preset("efficientformer_l1"))
    assert set(found) == {
        PLAIN, "activation:gelu>relu", "activation:gelu>silu", "activation:gelu>hardswish",
        "norm:batch>layer", "norm:batch>group",
    }  # fmt: skip
    blocks = [b for stage in found["norm:batch>layer"].stages for b in stage.blocks]
    plain = [b for stage in found[PLAIN].stages for b in stage.blocks]
    assert [b.norm for b in blocks if not b.mixer.is_attention] == ["layer"] * 14
    assert [replace(b, norm=p.norm) for b, p in zip(blocks, plain, strict=True)] == plain


def test_ratios_are_paired_within_a_turn_so_that_drift_cancels() -> None:
    """The machine slows down threefold on the way, by steps of 10%; the change costs a tenth in every turn."""
    turns = [{"ort": {PLAIN: 10.0 + n, "norm:batch>layer": 1.1 * (10.0 + n)}} for n in range(21)]
    (only,) = paired_variants("net", turns, "s")["ort"]
    assert (only.percent, only.low_percent, only.high_percent) == pytest.approx((10.0, 10.0, 10.0))
    assert (only.plain_ms, only.turns) == (12.0, 21)


def test_an_interval_over_turns_holds_what_half_of_them_say() -> None:
    turns = [{"ort": {PLAIN: 10.0, "a:b>c": 11.0 + (n % 3 - 1)}} for n in range(30)]
    (only,) = paired_variants("net", turns, "s")["ort"]
    assert only.percent == pytest.approx(10.0)
    assert only.low_percent >= 0.0
    assert only.high_percent <= 20.0
    assert paired_variants("net", turns[:4], "s") == {}


def test_every_turn_runs_all_in_another_order() -> None:
    ran: list[str] = []
    now = iter(float(n) for n in range(10_000))
    turns: list[dict[str, float]] = []
    number = time_turns(
        {name: (lambda name=name: ran.append(name)) for name in "abc"},  # type: ignore[misc]
        60.0,
        lambda taken: turns.append(dict(taken)),
        clock=lambda: next(now),
        rng=random.Random(1),
    )
    assert number == len(turns) > 2
    assert all(turn == {"a": 1000.0, "b": 1000.0, "c": 1000.0} for turn in turns)
    timed = ran[3 * WARM_UP :]
    orders = [tuple(timed[at : at + 3 * RUNS : RUNS]) for at in range(0, len(timed), 3 * RUNS)]
    assert len(set(orders)) > 1
    assert all(sorted(order) == ["a", "b", "c"] for order in orders)


def test_there_are_turns_enough_for_an_interval_even_where_compiling_took_all_the_time() -> None:
    turns: list[dict[str, float]] = []
    number = time_turns({"a": lambda: None}, -1.0, lambda taken: turns.append(dict(taken)), least=LEAST_TURNS)
    assert number == len(turns) == LEAST_TURNS
    assert time_turns({"a": lambda: None}, -1.0, lambda taken: turns.append(dict(taken))) == 0


def test_variants_come_back_as_they_were_written(tmp_path: Path) -> None:
    assert read_variants(tmp_path) == ()
    write_variants(tmp_path, [ONE])
    assert read_variants(tmp_path) == (ONE,)
    (tmp_path / "variants.csv").write_text("design,choice\na,b\n")
    with pytest.raises(FileFormatError, match="plain_ms"):
        read_variants(tmp_path)
    with pytest.raises(InvalidValueError, match="swap them"):
        replace(ONE, low_percent=1.0, high_percent=0.0)
