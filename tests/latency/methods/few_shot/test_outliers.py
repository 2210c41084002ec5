"""Figures far from the rest: made-up devices, for which the right answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.device.add.found import FoundNetwork
from dsim.errors import FileFormatError
from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.outliers import far_figures, pace
from dsim.latency.methods.few_shot.weigh import Timed, figures_of, measured_as, weigh

KEYS = ("mobilenetv2_100@224", "resnet50@224", "resnet18@224", "efficientnet_b0@224", "vgg16@224")
LIKE = np.log([1.0, 2.5, 1.2, 1.6, 6.0])  # a device that resembles the new one
OTHER = np.log([1.0, 13.0, 5.0, 1.4, 40.0])  # one that does not
rng = np.random.default_rng(0)
SAID = np.array(
    [LIKE + shift + 0.03 * rng.standard_normal(5) for shift in (-2, -1, 0, 1, 2)]
    + [OTHER + shift + 0.03 * rng.standard_normal(5) for shift in (-1, 0, 1, 2, 3, 4)]
).T


def timed(times: dict[int, float], count: int, scale: float = 1.7) -> FloatArray:
    factors = np.array([times.get(n, 1.0) for n in range(count)])
    return np.asarray(LIKE[:count] + np.log(scale) + np.log(factors))


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("factor", [4.0, 10.0, 30.0, 1000.0, 0.1, 0.001])
def test_one_wrong_figure_of_few_is_told_and_no_other(count: int, factor: float) -> None:
    for wrong in range(count):
        (far,) = far_figures(KEYS[:count], timed({wrong: factor}, count), SAID[:count])
        assert far.at == wrong
        assert far.times == pytest.approx(factor, rel=0.15)
        assert far.said_ms == pytest.approx(1.7 * np.exp(LIKE[wrong]), rel=0.15)
        assert far.fell == (3.0 <= factor <= 50.0)
        assert far.unit == (factor in (1000.0, 0.001))


@pytest.mark.parametrize("count", [3, 4, 5])
@pytest.mark.parametrize("factor", [1.0, 0.7, 1.5])
def test_what_differs_a_little_is_not_far(count: int, factor: float) -> None:
    assert far_figures(KEYS[:count], timed({1: factor}, count), SAID[:count]) == ()


def test_two_networks_tell_nothing_of_each_other() -> None:
    assert far_figures(KEYS[:2], timed({0: 1000.0}, 2), SAID[:2]) == ()
    keys = (KEYS[0], KEYS[0], KEYS[1])
    assert far_figures(keys, timed({0: 1000.0}, 3), SAID[[0, 0, 1]]) == ()


def test_the_order_of_figures_and_donors_changes_nothing() -> None:
    order, donors = [3, 0, 4, 1, 2], rng.permutation(SAID.shape[1])
    log_ms = timed({1: 10.0}, 5)
    (here,) = far_figures(KEYS, log_ms, SAID)
    (there,) = far_figures([KEYS[n] for n in order], log_ms[order], SAID[order][:, donors])
    assert order[there.at] == here.at
    assert there.times == pytest.approx(here.times)


def test_pace_is_that_of_the_devices_alike() -> None:
    assert pace(timed({}, 5, scale=1000.0), SAID[:, :5]) == pytest.approx(1000.0, rel=0.1)


def figures(times: dict[int, float], scale: float = 1.0, cliff: str = "") -> list[Timed]:
    log_ms = timed(times, 4, scale)
    return [
        Timed(
            key, FoundNetwork(f"m.csv, row {n}", key, float(np.exp(ms)), "me", cliff=cliff if n == 5 else "")
        )
        for n, (key, ms) in enumerate(zip(KEYS, log_ms, strict=False), start=2)
    ]


def said(keys: object, graphs: object) -> FloatArray:
    return np.asarray(SAID[[KEYS.index(key) for key in keys]])  # type: ignore[attr-defined]


def test_a_fall_is_named_and_kept_apart_from_the_rates() -> None:
    out, notes = weigh(figures({1: 10.0}), {}, said)
    assert [bool(one.found.cliff) for one in out] == [False, True, False, False]
    assert KEYS[1] not in figures_of(out)
    (note,) = notes
    assert note.startswith("m.csv, row 3: resnet50@224 in 25 ms is ")
    assert "suspected fall off the accelerator" in note


def test_units_and_figures_too_fast_are_refused_all_at_once() -> None:
    with pytest.raises(FileFormatError, match=r"row 3: .* its unit must be wrong; correct it"):
        weigh(figures({1: 1000.0}), {}, said)
    with pytest.raises(FileFormatError, match=r"row 3: .* 10 times faster .* which nothing explains"):
        weigh(figures({1: 0.1}), {}, said)
    five = [*figures({1: 1000.0}), Timed(KEYS[4], FoundNetwork("m.csv, row 6", KEYS[4], 0.006, "me"))]
    with pytest.raises(FileFormatError, match=r"2 rows are wrong: row 3: .*; row 6: "):
        weigh([*five, *figures({1: 1.0})], {}, said)


def test_what_is_known_to_have_left_judges_nobody() -> None:
    known = figures({3: 40.0}, cliff="2 of 9 layers left the NPU")
    out, notes = weigh(known, {}, said)
    assert (tuple(known), ()) == (out, notes)
    assert sorted(figures_of(out)) == sorted(KEYS[:3])


def test_twins_that_differ_are_named() -> None:
    twin = Timed(KEYS[1], FoundNetwork("m.csv, row 6", KEYS[1], 25.0, "me"))
    out, notes = weigh([*figures({}), twin], {}, said)
    assert (
        "resnet50@224 has 2 figures that differ: 2.5 ms (m.csv, row 3) and 25 ms (m.csv, row 6)" in notes[0]
    )
    assert [bool(one.found.cliff) for one in out] == [False, False, False, False, True]
    assert figures_of(out)[KEYS[1]] == pytest.approx(2.5)
    near = Timed(KEYS[1], FoundNetwork("m.csv, row 6", KEYS[1], 2.6, "me"))
    assert weigh([*figures({}), near], {}, said)[1] == ()


def test_a_whole_sheet_in_another_unit_is_named() -> None:
    _, notes = weigh(figures({}, scale=1000.0), {}, said)
    assert "all figures are about 1,0" in notes[0]
    assert "say so in the header" in notes[0]


@pytest.mark.parametrize("scale", [1000.0, 0.001])
def test_a_whole_sheet_in_another_unit_is_refused_where_no_header_states_the_unit(scale: float) -> None:
    cells = [replace(one, found=replace(one.found, unit_in_cells=True)) for one in figures({}, scale=scale)]
    with pytest.raises(
        FileFormatError, match=r"^m\.csv: all figures .* in the header: latency_ms, latency_us"
    ) as told:
        weigh(cells, {}, said)
    assert "\n" not in str(told.value)
    usual = [replace(one, found=replace(one.found, unit_in_cells=True)) for one in figures({})]
    assert weigh(usual, {}, said) == (tuple(usual), ())


def test_shares_of_a_batch_and_single_images_do_not_mix() -> None:
    share = Timed(KEYS[0], FoundNetwork("m.csv, row 2", KEYS[0], 0.2, "me", batch=256))
    assert measured_as([share]) == "throughput"
    assert measured_as(figures({})) == "latency"
    with pytest.raises(FileFormatError, match="timed at batch 256 and others at batch 1"):
        measured_as([share, *figures({})])
