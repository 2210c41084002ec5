"""Designs drawn from a space weigh one by one where known blocks are asked about, and as their folds among foreign families."""

from __future__ import annotations

import numpy as np

from dsim.latency.calibrate import calibrate, network_errors
from dsim.latency.evidence import plain_figures
from dsim.latency.families import family_of

DESIGNS = tuple(f"design-{n:012x}@224" for n in range(60))
OTHERS = tuple(f"network{n}@224" for n in range(20))


def test_an_interval_of_known_blocks_follows_the_designs_where_they_are_many() -> None:
    """Sixty designs are off by half a spread, twenty other networks by three: 20 of 80, or of 28, lie far out."""
    keys = (*DESIGNS, *OTHERS)
    families = np.array([family_of(key, key) for key in keys])
    sign = np.resize([1.0, -1.0], len(keys))
    figures = plain_figures(keys, families, sign * np.where(np.arange(len(keys)) < len(DESIGNS), 0.5, 3.0))
    zero, one = np.zeros(len(keys)), np.ones(len(keys))
    by_fold = network_errors(figures, zero, one)
    by_design = network_errors(figures, zero, one, each_design=True)
    assert len(set(by_fold.draws)) == 28
    assert len(set(by_design.draws)) == 80
    far = {}
    for name, errors in {"fold": by_fold, "design": by_design}.items():
        made = calibrate(errors.z, errors.draws, errors.owner, 0, centred=False)
        far[name] = float(made.below(np.array([-1.5]))[0])
    assert abs(far["design"] - 10 / 80) < 0.03
    assert abs(far["fold"] - 10 / 28) < 0.05


def test_a_design_that_is_judged_takes_its_whole_fold_out() -> None:
    figures = plain_figures(DESIGNS, np.array([family_of(key, key) for key in DESIGNS]), np.zeros(60))
    errors = network_errors(figures, np.zeros(60), np.ones(60), each_design=True)
    left = errors.without(family_of(DESIGNS[0], ""))
    assert 0 < len(left.z) < 59
    assert DESIGNS[0] not in set(left.draws)
