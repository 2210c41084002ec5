"""The error taken apart adds up, and known siblings say more than other families do."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import load_evidence
from lab.validate.accuracy.holdout import hold_out
from lab.validate.accuracy.scores import score
from lab.validate.accuracy.width import take_apart


def test_shares_add_up_and_siblings_narrow_the_interval() -> None:
    evidence = load_evidence()
    few = evidence.take(list(range(0, len(evidence), 5)))
    effects = fit_effects(load_contrasts())
    held_out = hold_out(few, effects, few.families)
    rows = np.flatnonzero(few.is_checkpoint & held_out.near)
    width = take_apart(few, effects, held_out, rows)
    # means of groups within groups: what is beside them has nothing in common with them
    assert width.families + width.recipes + width.rest == pytest.approx(1.0)
    assert min(width.families, width.recipes, width.rest) > 0
    foreign = score(few.top1[rows], held_out.top1[rows], held_out.low[rows], held_out.high[rows])
    assert 0 < width.siblings.rows < foreign.rows
    assert width.siblings.mean_absolute < foreign.mean_absolute
    assert width.siblings.width < foreign.width


def test_an_interval_pays_for_its_width_and_for_what_it_misses() -> None:
    published, low, high = (
        np.array([70.0, 80.0, 90.0]),
        np.array([69.0, 80.5, 86.0]),
        np.array([71.0, 82.0, 89.0]),
    )
    # widths 2, 1.5 and 3; 0.5 below the second, 1 above the third
    assert score(published, published, low, high).interval_score == pytest.approx((2 + 1.5 + 10 + 3 + 20) / 3)
