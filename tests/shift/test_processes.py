"""A comparison by several processes is the comparison by one."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import dsim
from dsim.errors import InvalidValueError
from dsim.shift.processes import check_jobs, in_processes
from dsim.shift.refits import common_draws

DEVICES = ("iphone12", "iphone13")


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_what_was_asked(jobs: int) -> None:
    assert list(in_processes(jobs, math.pow, [(2, 3), (3, 2), (5, 1)])) == [8, 9, 5]


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_an_error_of_ours_comes_through_as_it_is(jobs: int) -> None:
    with pytest.raises(InvalidValueError, match="compare devices with more families"):
        list(in_processes(jobs, common_draws, [(0, 1, ("iphone12",)), (0, 1, ("iphone13",))]))


@pytest.mark.parametrize(
    ("jobs", "time_s", "keep", "words"),
    [
        (0, None, True, "jobs must be 1 or more, got 0"),
        (2, 60.0, True, "a cap on the time needs one job, got 2"),
        (2, None, False, "give out a folder"),
    ],
)
def test_processes_that_cannot_share_are_refused(
    jobs: int, time_s: float | None, keep: bool, words: str
) -> None:
    with pytest.raises(InvalidValueError, match=words):
        check_jobs(jobs, time_s, keep)


@pytest.mark.slow
def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    small = {"trials": 6, "fold_trials": 3, "seeds": 1, "refits": 2}
    one, two = (dsim.compare(DEVICES, **small, jobs=jobs, out=tmp_path / str(jobs)) for jobs in (1, 2))
    for a, b in zip(one.devices, two.devices, strict=True):
        assert a.best is not None
        assert b.best is not None
        assert a.best.arch == b.best.arch
        assert a.best.needs_ms == pytest.approx(b.best.needs_ms)
    for x, y in zip(one.cells, two.cells, strict=True):
        assert (x.of, x.on, x.verdict, x.refits_over) == (y.of, y.on, y.verdict, y.refits_over)
        assert x.slower_ms.value == pytest.approx(y.slower_ms.value)
    assert one.null == two.null
    assert one.inputs == two.inputs
