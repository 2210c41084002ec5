"""What designs will take alone: a line through two that were timed."""

from __future__ import annotations

import pytest

from dsim.supernet.alone_forecast import AloneForecast
from dsim.supernet.cost import Amounts, Clock, TimeByMacs


def test_seconds_lie_on_the_line_through_two_designs() -> None:
    steps = TimeByMacs(100, Clock(1.0, 0.5), 300, Clock(2.0, 1.0))
    pictures = TimeByMacs(100, Clock(0.01, 0.005), 300, Clock(0.03, 0.015))
    # half way: 1.5 s a step and 0.02 s a picture, on the clock half of that
    found = AloneForecast(steps, pictures, Amounts()).seconds(200, 10, 50)
    assert (found.cpu, found.wall) == pytest.approx((10 * 1.5 + 50 * 0.02, 10 * 0.75 + 50 * 0.01))
    one = TimeByMacs(100, Clock(1.0, 0.5), 100, Clock(1.0, 0.5))
    alone = AloneForecast(one, one, Amounts()).seconds(100, 10, 0)
    assert (alone.cpu, alone.wall) == pytest.approx((10.0, 5.0))
