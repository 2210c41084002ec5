"""The clock of a search."""

from __future__ import annotations

import pytest

from dsim.search.clock import Clock, share_of


@pytest.mark.parametrize(("most_s", "late"), [(None, False), (1e9, False), (0.0, True)])
def test_who_asks_and_is_late_leaves_work_undone(most_s: float | None, late: bool) -> None:
    clock = Clock(most_s)
    assert not clock.cut
    assert clock.is_late() == late
    assert clock.cut == late


@pytest.mark.parametrize(("time_s", "share"), [(None, None), (60.0, 20.0), ("60s", 20.0), (-3.0, -1.0)])
def test_searches_share_a_time(time_s: float | str | None, share: float | None) -> None:
    assert share_of(time_s, 3) == share  # what is no time stays none, for the search to refuse it


def test_a_last_step_has_the_time_that_is_left_or_so_many_seconds() -> None:
    over = Clock(0.0)
    assert over.is_late()
    last = over.with_at_least(1e9)
    assert not last.is_late()
    assert not last.cut
    assert over.with_at_least(0.0).is_late()
    assert not Clock(1e9).with_at_least(0.0).is_late()
    assert not Clock().with_at_least(0.0).is_late()
