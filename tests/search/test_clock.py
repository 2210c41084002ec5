"""The clock of a search."""

from __future__ import annotations

import pytest

from dsim.search.clock import Clock


@pytest.mark.parametrize(("most_s", "late"), [(None, False), (1e9, False), (0.0, True)])
def test_who_asks_and_is_late_leaves_work_undone(most_s: float | None, late: bool) -> None:
    clock = Clock(most_s)
    assert not clock.cut
    assert clock.is_late() == late
    assert clock.cut == late


def test_a_last_step_has_the_time_that_is_left_or_so_many_seconds() -> None:
    over = Clock(0.0)
    assert over.is_late()
    last = over.with_at_least(1e9)
    assert not last.is_late()
    assert not last.cut
    assert over.with_at_least(0.0).is_late()
    assert not Clock(1e9).with_at_least(0.0).is_late()
    assert not Clock().with_at_least(0.0).is_late()
