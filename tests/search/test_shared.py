"""A mix belongs to the lowest claim, a lost claim is given to another, and a study has one set of inputs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from dsim.errors import InvalidValueError
from dsim.search.record import FINGERPRINT, INPUTS, Finished, Swept
from dsim.search.shared import Choices, SharedRecord
from dsim.search.storage import connect
from dsim.search.study import search_mixes
from tests.search.test_study import same, scorer, spec

MIXES: list[Choices] = [
    {"stem": "conv7", "attention_blocks_4": 1},
    {"stem": "two_convs", "attention_blocks_4": 0},
]
Opener = Callable[..., SharedRecord]


@pytest.fixture
def opened(tmp_path: Path) -> Opener:
    def opened(fingerprint: str = "a", silent_s: int = 60) -> SharedRecord:
        return SharedRecord(
            f"journal://{tmp_path / 'trials.log'}", "t", fingerprint, {"seed": fingerprint}, silent_s
        )

    return opened


def found(choices: Choices, top1: float = 80.0) -> Finished:
    return Finished(dict(choices), Swept([[0] * 12], [0] * 12, 7), top1, -0.25)


def test_a_worker_that_joins_leaves_open_claims_alone(opened: Opener) -> None:
    first, second = opened(), opened()
    assert first.claim(MIXES) == [True, True]
    second.refresh()
    assert [second.is_free(one) for one in MIXES] == [False, False]
    second.free_lost()
    second.close()
    first.finish([(found(MIXES[0]), "widths 32")])
    second.refresh()
    assert second.finished(MIXES[0]) == found(MIXES[0])
    assert not second.is_free(MIXES[1])


def test_of_equal_claims_the_lowest_counts(opened: Opener) -> None:
    first, second = opened(), opened()
    second.refresh()  # both see an empty study
    assert first.claim(MIXES[:1]) == [True]
    assert second.claim(MIXES) == [False, True]


def test_a_lost_claim_is_given_to_another_and_counts_once(opened: Opener) -> None:
    first, second = opened(), opened(silent_s=0)
    assert first.claim(MIXES[:1]) == [True]
    second.refresh()
    second.free_lost()
    assert second.claim(MIXES[:1]) == [True]
    assert first.claim(MIXES[1:]) == [True]
    first.finish([(found(MIXES[0], 70.0), "late"), (found(MIXES[1]), "in time")])
    second.finish([(found(MIXES[0]), "in time")])
    first.refresh()
    assert [first.finished(one) for one in MIXES] == [found(one) for one in MIXES]


def test_what_was_claimed_is_given_back_at_the_end(opened: Opener) -> None:
    first, second = opened(), opened()
    first.claim(MIXES)
    first.close()
    second.refresh()
    assert all(second.is_free(one) for one in MIXES)


def test_of_two_that_begin_at_once_with_other_inputs_one_is_refused(opened: Opener) -> None:
    first = opened("a")
    study = first._study
    study.set_user_attr(INPUTS, {"seed": "b"})  # what one writes that saw an empty study too
    study.set_user_attr(FINGERPRINT, "b")
    second = opened("b")
    assert first.claim(MIXES[:1]) == [True]
    with pytest.raises(InvalidValueError, match="differs in seed"):
        second.claim(MIXES)
    opened("a")
    with pytest.raises(InvalidValueError, match="differs in seed"):
        opened("b")


def test_a_worker_that_takes_over_ends_as_the_one_that_was_slow(tmp_path: Path) -> None:
    url, asked = f"journal://{tmp_path / 'trials.log'}", spec(trials=4)
    others = []

    def join(done: int, total: int, best: float | None) -> None:
        if done == 1:
            hasty = SharedRecord(url, asked.name, "a", asked.inputs(), silent_s=0)
            others.append(search_mixes(asked, scorer(), "a", hasty))

    mine = search_mixes(asked, scorer(), "a", url, join)
    same(mine, others[0])
    assert mine.cost.seconds == others[0].cost.seconds
    trials = optuna.load_study(storage=connect(url), study_name=asked.name).trials
    assert sum(trial.state is TrialState.COMPLETE for trial in trials) == 4


def test_what_optuna_promises_nowhere(tmp_path: Path) -> None:
    """Signs of life, and how a constraint is written, are no part of Optuna's documented interface."""
    database = connect(f"sqlite:///{tmp_path / 'study.db'}", silent_s=12)
    assert callable(database.record_heartbeat)
    assert database.get_heartbeat_interval() == 2
    assert callable(database._backend.engine.dispose)
    assert not hasattr(connect(f"journal://{tmp_path / 'trials.log'}"), "record_heartbeat")
    made = optuna.trial.create_trial(value=1.0, constraints={"over": 0.5})
    assert list(made.system_attrs.values()) == [0.5]
    study = optuna.create_study(storage=database)
    study.add_trial(optuna.trial.create_trial(value=1.0, system_attrs=made.system_attrs))
    assert study.trials[0].constraints == {"over": 0.5}


@pytest.mark.slow
def test_a_database_notices_a_worker_that_is_silent(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'study.db'}"
    first, second = (SharedRecord(url, "t", "a", {}, silent_s=1) for _ in range(2))
    first.claim(MIXES)
    first._pulse.stop()
    second.refresh()
    for _ in range(600):
        second.free_lost()
        second.refresh()
        if second.is_free(MIXES[0]):
            break
        time.sleep(0.1)
    assert all(second.is_free(one) for one in MIXES)
