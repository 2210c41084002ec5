"""Findings of the experiment, from rows that were made so that the answer is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kendalltau

pytest.importorskip("PIL", reason="needs pip install 'dsim[supernet]'")

from dsim.kendall import taus
from dsim.supernet.choices import DEFAULT, Choices
from dsim.supernet.subnet import parse_subnet
from lab.claims.fashion.bought import bought, finals, leads, noise, seen_difference
from lab.claims.fashion.costs import read_costs
from lab.claims.fashion.inputs import read_inputs
from lab.claims.fashion.ranked import converged, rated, truth
from lab.claims.fashion.report import arms_markdown, ranking_markdown, served_markdown, shifts_markdown
from lab.claims.fashion.rows import Estimate, Pick, Training
from lab.claims.fashion.shifted import difference, shifts
from lab.claims.interval import mean_interval, resampled

INPUTS = read_inputs()
DESIGNS = tuple(f"design {number}" for number in range(20))
CHOICES = Choices(DEFAULT)
FIRST, SECOND = INPUTS.devices


def training(design: str, seed: int, accuracy: float, images: int = INPUTS.alone_images) -> Training:
    return Training(design, seed, images, 0.5, accuracy, 0.5, accuracy, 100.0)


def pick(arm: str, seed: int, device: str, design: str) -> Pick:
    budget = INPUTS.budgets[device]
    return Pick(arm, seed, device, design, budget / 2, budget * 0.9, 1.0, 40, 900.0, 990.0)


def test_the_mean_of_equal_values_is_certain() -> None:
    found = mean_interval([2.0, 2.0, 2.0])
    assert (found.middle, found.low, found.high) == (2.0, 2.0, 2.0)


def test_an_interval_of_a_mean_is_about_that_of_theory() -> None:
    values = np.random.default_rng(1).normal(3, 1, 400)
    found = mean_interval(values.tolist())
    # 1.645 standard errors on each side
    assert found.low == pytest.approx(values.mean() - 1.645 / 20, abs=0.02)
    assert found.high == pytest.approx(values.mean() + 1.645 / 20, abs=0.02)
    assert not resampled(1, lambda counts: np.full(len(counts), math.nan)).above_zero


def test_tau_of_a_sample_is_that_of_its_rows() -> None:
    rng = np.random.default_rng(6)
    one, other = rng.integers(0, 5, 12).astype(float), rng.normal(size=12)
    index = rng.integers(0, 12, 12)
    counts = np.bincount(index, minlength=12)[None]
    assert taus(one, other, counts)[0] == pytest.approx(kendalltau(one[index], other[index]).statistic)
    assert math.isnan(taus(one, other, np.eye(12, dtype=int)[:1] * 12)[0])


def rows_of(order: list[int]) -> list[Estimate]:
    """A perfect estimator, one that says the opposite, and the base, which has nothing to do with the truth."""
    rng = np.random.default_rng(3)
    rows = []
    for design, rank in zip(DESIGNS, order, strict=True):
        rows += [
            Estimate(design, "good supernet", float(rank)),
            Estimate(design, "opposite", float(-rank)),
            Estimate(design, "parameters", float(rng.normal())),
        ]
    return rows


def test_estimators_are_rated_by_the_order_they_give() -> None:
    order = list(np.random.default_rng(2).permutation(len(DESIGNS)))
    trainings = [training(design, seed, 80 + rank / 10) for design, rank in zip(DESIGNS, order, strict=True) for seed in (0, 1)]  # fmt: skip
    known = truth(trainings, DESIGNS, INPUTS)
    assert known.between_seeds().middle == pytest.approx(1)
    assert known.reliability() == pytest.approx(1)
    assert known.noise() == pytest.approx(0)
    found = {one.estimator: one for one in rated(known, rows_of(order))}
    assert found["good supernet"].tau.middle == pytest.approx(1)
    assert found["opposite"].tau.middle == pytest.approx(-1)
    assert found["good supernet"].over_base.above_zero
    assert not found["opposite"].over_base.above_zero
    assert found["parameters"].over_base.middle == pytest.approx(0)
    text = ranking_markdown(trainings, rows_of(order), DESIGNS, INPUTS)
    assert "Reached by: good supernet" in text


def test_noise_of_the_truth_is_corrected() -> None:
    # 400 designs whose true accuracies and whose seeds' noise both have a deviation of one point: of one seed half is noise,
    # so that seeds correlate by 0.5 and the mean of two has a reliability of 2 * 0.5 / 1.5
    rng = np.random.default_rng(4)
    names = tuple(f"design {number}" for number in range(400))
    trainings = [
        training(name, seed, 80 + own + rng.normal()) for name, own in zip(names, rng.normal(size=400), strict=True) for seed in (0, 1)
    ]  # fmt: skip
    known = truth(trainings, names, INPUTS)
    assert known.reliability() == pytest.approx(2 / 3, abs=0.08)
    assert known.noise() == pytest.approx(1, abs=0.08)


def test_designs_without_all_seeds_do_not_count() -> None:
    trainings = [training(DESIGNS[0], 0, 80), training(DESIGNS[0], 1, 81), training(DESIGNS[1], 0, 82)]
    assert truth(trainings, DESIGNS, INPUTS).designs == DESIGNS[:1]
    assert ranking_markdown(trainings, [], DESIGNS, INPUTS).startswith("Not there yet: 1 of 20")


def test_longer_trainings_are_compared_with_those_of_the_same_seed() -> None:
    trainings = [
        training("a", 0, 80), training("a", 1, 90), training("a", 0, 82, INPUTS.converged_images),
        training("b", 0, 81), training("b", 0, 84, INPUTS.converged_images), training("c", 0, 70),
    ]  # fmt: skip
    found = converged(trainings, INPUTS)
    assert found.gain == (2, 3)
    assert found.tau == pytest.approx(1)


def arms(lead: float) -> tuple[list[Pick], list[Training]]:
    """Three arms with supernets and halving, whose picks differ by ``lead`` points."""
    picks, trainings = [], []
    for arm, above in (("paper", 0.0), ("all moves", lead), ("predictor", 0.0), ("halving", 0.0)):
        for seed in INPUTS.search_seeds:
            for device in INPUTS.devices:
                design = f"{arm} {seed} {device}"
                picks.append(pick(arm, seed, device, design))
                trainings += [
                    training(design, final, 85 + 0.2 * seed + above + 0.1 * (-1) ** final)
                    for final in INPUTS.final_seeds
                ]
    return picks, trainings


def test_arms_are_paired_by_seed_and_device() -> None:
    picks, trainings = arms(0.7)
    rows = {one.arm: one for one in bought(finals(picks, trainings, INPUTS), INPUTS)}
    lead = rows["all moves"].over_base
    assert lead is not None
    assert lead.low == pytest.approx(0.7)
    assert lead.high == pytest.approx(0.7)
    # the seeds' means are 85, 85.2 and 85.4
    assert rows["all moves"].between == pytest.approx(0.2)
    assert rows["halving"].over_base is None
    found = finals(picks, trainings, INPUTS)
    # trainings of one pick lie 0.2 apart
    assert noise(found) == pytest.approx(0.2 / math.sqrt(2))
    assert seen_difference(found, "all moves") == pytest.approx(0, abs=1e-9)
    assert "all moves, beats halving: +0.70" in arms_markdown(picks, trainings, INPUTS)


def test_a_control_without_a_seed_is_held_against_every_seed() -> None:
    picks, trainings = arms(0.7)
    for device in INPUTS.devices:
        picks.append(pick("uniform scaling", 0, device, f"uniform {device}"))
        trainings += [training(f"uniform {device}", final, 85.0) for final in INPUTS.final_seeds]
    found = finals(picks, trainings, INPUTS)
    assert len(leads(found, "all moves", "uniform scaling")) == len(INPUTS.search_seeds) * len(INPUTS.devices)
    assert "all moves less uniform scaling, which costs no training: +0.90" in arms_markdown(
        picks, trainings, INPUTS
    )
    (control,) = (one for one in bought(found, INPUTS) if one.arm == "uniform scaling")
    assert control.over_base is not None
    assert control.over_base.middle == pytest.approx(-0.2)


def test_the_rule_waits_for_every_arm() -> None:
    picks, trainings = arms(0.7)
    assert "not applied before every arm is whole" in arms_markdown(picks[:-8], trainings, INPUTS)
    assert "does not beat halving" in arms_markdown(*arms(0.0), INPUTS)


def test_one_training_for_two_devices_is_cheaper_by_what_the_training_costs() -> None:
    costs = replace(read_costs(), ablation_image=600 / INPUTS.supernet_images)
    text = served_markdown([pick("paper", seed, FIRST, "x") for seed in (0, 1, 2)], costs, INPUTS)
    # 900 seconds in all, and 600 of them again for the second device
    assert "0.60 (0.60 to 0.60)" in text
    assert "1.10 (1.10 to 1.10)" in text


def test_designs_differ_where_places_differ() -> None:
    one = CHOICES.largest
    moved = parse_subnet("|".join(one.text().split("|")), one)
    assert difference(one, moved) == 0
    narrower = one.with_width(0, 1)
    places = 4 + sum(len(row) for row in one.slots)
    assert difference(one, narrower) == pytest.approx(1 / places)
    emptier = one.with_slot(2, 0, None)
    assert difference(one, emptier) == pytest.approx(1 / places)


def test_devices_count_as_different_only_beyond_what_seeds_differ() -> None:
    texts = {"large": CHOICES.largest.text(), "small": CHOICES.smallest.text()}
    designs = {text: parse_subnet(text, CHOICES.largest) for text in texts.values()}
    apart, alike = [], []
    for seed in INPUTS.search_seeds:
        for device in INPUTS.devices:
            apart.append(pick("apart", seed, device, texts["large" if device == FIRST else "small"]))
            alike.append(pick("alike", seed, device, texts["large" if seed else "small"]))
    rows = {one.arm: one for one in shifts([*apart, *alike], designs, INPUTS)}
    assert rows["apart"].different
    assert rows["apart"].within == 0
    assert not rows["alike"].different
    assert rows["alike"].across == 0
    assert rows["apart"].elsewhere[FIRST] == pytest.approx(1 / INPUTS.budgets[SECOND])
    assert shifts_markdown(tuple(rows.values()), INPUTS).count("yes") == 1
