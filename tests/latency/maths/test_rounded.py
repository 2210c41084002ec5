"""What rounding hides, worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dsim.device.find import find_profile
from dsim.device.profile import Measurement
from dsim.latency.maths.rounded import rounding_spread, widened


def figures(*told: tuple[float, float | None]) -> tuple[Measurement, ...]:
    some = find_profile("pixel6-cpu").networks[0]
    return tuple(replace(some, latency_ms=ms, rounded_to_ms=step) for ms, step in told)


def test_a_figure_lies_anywhere_within_half_a_step() -> None:
    found = rounding_spread(figures((2.0, 1.0), (200.0, 1.0), (2.0, None), (1.0, 2.0)))
    assert found[0] == pytest.approx(np.log(2.5 / 1.5) / 12**0.5)
    assert found[1] == pytest.approx(0.005 / 12**0.5, rel=1e-4)  # 0.5 in 200, as far as a logarithm is linear
    assert found[2] == 0.0
    assert found[3] == pytest.approx(np.log(2.0 / 0.25) / 12**0.5)  # half a step takes all of it


def test_it_stands_beside_the_noise_and_leaves_that_of_other_figures_alone() -> None:
    assert widened(0.3, np.array([0.4])) == pytest.approx(0.5)
    assert widened(0.07, np.zeros(3)) == 0.07
