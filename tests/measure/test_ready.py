"""What another core makes beforehand: files are waited for, and what only saves time is not."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from dsim.arch import get_preset
from dsim.measure.planned import planned_design
from dsim.measure.ready import Kitchen

PLANNED = planned_design(get_preset("efficientformer_l1"))


class Later(Executor):
    """Begins what it is told to, and ends nothing."""

    def __init__(self, begins: bool) -> None:
        self.begins = begins
        self.given: list[Future[Any]] = []

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        one: Future[Any] = Future()
        if self.begins:
            one.set_running_or_notify_cancel()
        self.given.append(one)
        return one


def test_what_only_saves_time_is_not_waited_for_before_it_has_begun(tmp_path: Path) -> None:
    pool = Later(begins=False)
    made = Kitchen(tmp_path, frozenset({"inductor"}), pool)
    made.start(PLANNED)
    assert made.finish(PLANNED).failed == {}
    assert [one.cancelled() for one in pool.given] == [True]


def test_what_has_begun_is_waited_for_and_its_failure_is_no_reason_against_the_network(
    tmp_path: Path,
) -> None:
    pool = Later(begins=True)
    made = Kitchen(tmp_path, frozenset({"inductor"}), pool)
    made.start(PLANNED)
    pool.given[0].set_exception(RuntimeError("no compiler"))
    ready = made.finish(PLANNED)
    assert ready.failed == {"inductor": "RuntimeError: no compiler"}, "which no backend reads"


def test_without_another_core_nothing_is_made_beforehand(tmp_path: Path) -> None:
    made = Kitchen(tmp_path, frozenset({"inductor"}), None)
    made.start(PLANNED)
    assert made.finish(PLANNED).failed == {}
    assert list(tmp_path.iterdir()) == []
