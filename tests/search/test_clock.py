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


def test_searches_share_what_is_left() -> None:
    assert Clock().share(3) is None
    share = Clock(9e9).share(3)
    assert share is not None
    assert 2.9e9 < share < 3.1e9
    over = Clock(1e-9)
    assert 0.0 < (over.share(1) or 0.0) < 1.0
    assert Clock(-1.0).share(2) == -1.0  # the search refuses it


def test_a_last_step_has_the_time_that_is_left_or_so_many_seconds() -> None:
    over = Clock(0.0)
    assert over.is_late()
    last = over.with_at_least(1e9)
    assert not last.is_late()
    assert not last.cut
    assert over.with_at_least(0.0).is_late()
    assert not Clock(1e9).with_at_least(0.0).is_late()
    assert not Clock().with_at_least(0.0).is_late()
