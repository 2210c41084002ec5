"""The gradient of the likelihood against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.points import points_of, scaling_of
from lab.validate.accuracy.likelihood import NAMES, START, penalised_loss


def test_gradient_is_the_slope_of_the_loss() -> None:
    evidence = load_evidence()
    few = evidence.take(list(range(0, len(evidence), 12)))
    points = points_of(few, scaling_of(few, "per_position"))
    values = np.log(100 - few.top1)
    values = values - values.mean()
    theta = np.array([START[name] for name in NAMES]) + 0.1
    _, gradient = penalised_loss(points, values, theta)
    for k in range(len(NAMES)):
        step = np.zeros(len(NAMES))
        step[k] = 1e-5
        slope = (
            penalised_loss(points, values, theta + step)[0] - penalised_loss(points, values, theta - step)[0]
        ) / 2e-5
        assert gradient[k] == pytest.approx(slope, rel=1e-4, abs=1e-4), NAMES[k]
