"""The learning rate comes down, and a time either shrinks a run or refuses it."""

from __future__ import annotations

import pytest

from dsim.errors import InvalidValueError
from dsim.supernet.cost import Amounts, Clock, TimeByMacs
from dsim.supernet.forecast import Forecast, affordable
from dsim.supernet.schedule import learning_rate
from dsim.supernet.spec import IMPORTANCES, TrainSpec, parse_count
from dsim.supernet.ways import WAYS


@pytest.mark.parametrize("steps", [1, 2, 20, 100, 5000])
def test_the_learning_rate_is_down_at_the_end(steps: int) -> None:
    rates = [learning_rate(step, steps, 1.0) for step in range(steps)]
    assert max(rates) <= 1.0
    if steps >= 20:
        assert max(rates) == pytest.approx(1.0)
        assert rates[-1] == pytest.approx(0.0, abs=1e-9)
        top = rates.index(max(rates))
        assert rates[top:] == sorted(rates[top:], reverse=True)


def test_a_time_shrinks_the_run() -> None:
    spec = TrainSpec(images=128 * 1000)
    evaluation = TimeByMacs(100, Clock(1.5, 1.0), 300, Clock(4.5, 3.0))
    forecast = Forecast(Clock(0.9, 0.5), evaluation, Amounts())
    ten = (200, 100, 300, *[200] * 7)  # of 2 s each on average
    assert affordable(spec, forecast, ten, None) is spec
    assert affordable(spec, forecast, ten, 520.1) is spec  # 1,000 steps and 10 evaluations are 520 s
    assert affordable(spec, forecast, ten, 270.1).images == 128 * 500  # (270.1 - 20) / 0.5 steps
    with pytest.raises(InvalidValueError, match=r"at least 100 steps .* about 70 s .* got 60 s"):
        affordable(spec, forecast, ten, 60.0)


@pytest.mark.parametrize(("text", "count"), [("160k", 160_000), ("1.5M", 1_500_000), (64, 64)])
def test_counts_are_read(text: str | int, count: int) -> None:
    assert parse_count(text) == count


@pytest.mark.parametrize("text", ["", "k", "-3", "many", 0])
def test_other_counts_are_refused(text: str | int) -> None:
    with pytest.raises(InvalidValueError, match="write 160k"):
        parse_count(text)


def test_every_way_has_a_name() -> None:
    assert tuple(WAYS) == IMPORTANCES
