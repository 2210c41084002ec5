"""The task's model: it finds a planted difference, and answers what a search asks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from dsim.arch import Arch, Mixer
from dsim.errors import InvalidValueError
from dsim.search.score import AccuracyPredictor
from dsim.supernet import Supernet, TaskModel, task_model
from dsim.supernet.choices import DEFAULT, Choices
from dsim.supernet.task.designs import draw_design, task_designs
from dsim.supernet.task.model import learn
from dsim.supernet.task.summary import COLUMNS, summarise
from tests.search.ridge import SMALL, ridge_model

COUNT = 60


def summary_of(arch: Arch) -> np.ndarray:
    return np.sum([summarise(piece.graph, DEFAULT.resolution) for piece in arch.pieces()], axis=0)


def planted(arch: Arch) -> float:
    """Stage 3 with convolutions has half the loss; every block of attention takes a tenth off; width says a little."""
    third = arch.stages[2]
    loss = 0.5 if third.blocks[0].mixer is Mixer.CONV3 else 1.0
    return loss * 0.9 ** arch.stages[3].attention_blocks * (third.width / 160) ** -0.2


@pytest.fixture(scope="module")
def learned() -> tuple[TaskModel, list[Arch]]:
    designs = list(task_designs(Choices(DEFAULT), 0, COUNT).values())
    summaries = np.array([summary_of(arch) for arch in designs])
    noise = np.exp(np.random.default_rng(1).normal(0.0, 0.02, COUNT))
    losses = np.array([planted(arch) for arch in designs]) * noise
    return learn(DEFAULT, summaries, losses, 0, "planted"), designs


def test_a_space_of_too_few_designs_is_refused_with_what_can_be_done() -> None:
    small = DEFAULT.fixed(
        mixers=(DEFAULT.mixers[0][:1],) * 4, attention_blocks=((0,), (0,)), depths=((2,),) * 4
    )
    rows = dict.fromkeys(("widths", "mlp_ratios"), ((2,), (2,), (2,), (2,)))
    one = Choices(small.fixed(**{**rows, "widths": ((32,), (64,), (128,), (256,))}))
    with pytest.raises(InvalidValueError, match=r"and 1 were found; train a supernet of a larger --space"):
        task_designs(one, 0, COUNT)
    some = Choices(small.fixed(**{**rows, "widths": ((32, 48), (64, 80), (128, 144), (256, 288, 320))}))
    with pytest.raises(InvalidValueError, match=r"and 24 were found; give --subnets 24$"):
        task_designs(some, 0, COUNT)


def test_a_planted_difference_is_found(learned: tuple[TaskModel, list[Arch]]) -> None:
    model, designs = learned
    new = [arch for arch in task_designs(Choices(DEFAULT), 7, 120).values() if arch not in designs]
    rows = np.array([summary_of(arch) for arch in new])
    truth = np.array([planted(arch) for arch in new])
    value, low, high = model.losses(rows)
    assert np.corrcoef(np.log(value), np.log(truth))[0, 1] > 0.97
    # 0.9 of about 120 new designs, give or take three standard errors of that and of 60 conformal misses
    assert np.mean((truth >= low) & (truth <= high)) > 0.9 - 3 * (0.09 / 120 + 0.09 / COUNT) ** 0.5
    assert min(model.errors.values()) < 0.3
    ranks = model.predict(rows)
    assert np.array_equal(
        np.argsort(-ranks.top1), np.argsort(value)
    )  # the lower the loss, the higher the rank
    assert np.all((ranks.low <= ranks.top1) & (ranks.top1 <= ranks.high))
    wider = model.predict(rows, 0.5)
    assert np.all(wider.low >= ranks.low)


def test_designs_outside_the_space_are_outside_the_region(learned: tuple[TaskModel, list[Arch]]) -> None:
    model, designs = learned
    assert model.in_region(np.array([summary_of(arch) for arch in designs])).all()
    base = designs[0]
    wide = dataclasses.replace(base.stages[1], width=104)
    deep = dataclasses.replace(base.stages[1], blocks=base.stages[1].blocks[:1] * 4)
    other = dataclasses.replace(
        base.stages[1], blocks=(dataclasses.replace(base.stages[1].blocks[0], mixer=Mixer.CONV7),)
    )
    for stage in (wide, deep, other):
        arch = dataclasses.replace(base, stages=(base.stages[0], stage, *base.stages[2:]))
        assert not model.in_region(summary_of(arch)[None]).any()


def test_the_lower_end_follows_from_a_score_over_sums() -> None:
    model = ridge_model(SMALL)
    score = model.score(0.8)
    assert score is not None
    random = np.random.default_rng(1)
    rows = np.array([summary_of(draw_design(SMALL, random)) for _ in range(30)])
    x = score.features(rows)
    assert score.low(score(x)) == pytest.approx(model.predict(rows, 0.8).low)
    for log, name in zip(score.logs, ("params", "macs"), strict=True):
        assert COLUMNS[log.column] == name
        at = x.shape[1] - len(score.logs) + score.logs.index(log)
        assert x[:, at] == pytest.approx((np.log(rows[:, log.column]) - log.mean) / log.scale)
    for there in x[:5]:
        constant, slope = score.plane(there)
        assert constant + there @ slope == pytest.approx(score.length(there[None])[0])
        assert np.all(constant + x @ slope <= score.length(x) + 1e-12)


def test_a_process_is_no_score(learned: tuple[TaskModel, list[Arch]]) -> None:
    assert dataclasses.replace(learned[0], regressor="gaussian process").score(0.9) is None


def test_too_little_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="at least 16 sub-networks, got 3"):
        learn(DEFAULT, np.zeros((3, 42)), np.ones(3), 0, "")
    with pytest.raises(InvalidValueError, match="all have the same"):
        learn(DEFAULT, np.zeros((20, 42)), np.ones(20), 0, "")


def test_nothing_is_evaluated_twice(trained: Supernet) -> None:
    model: AccuracyPredictor = task_model(trained, 16)
    ledger = trained.evaluator.ledger
    known, spent, planned = (
        len(trained.evaluator.known),
        ledger.spent["predictor"],
        ledger.planned["predictor"],
    )
    assert (spent.images, spent.macs, spent.evaluations) == (
        planned.images,
        planned.macs,
        planned.evaluations,
    )
    assert spent.evaluations <= 16
    again = task_model(trained, 16)
    assert len(trained.evaluator.known) == known
    assert trained.evaluator.ledger.spent["predictor"] == spent
    assert isinstance(model, TaskModel)
    assert again.fingerprint == model.fingerprint
    rows = np.array([summary_of(trained.arch(trained.choices.largest))])
    assert again.predict(rows).top1 == pytest.approx(model.predict(rows).top1)
