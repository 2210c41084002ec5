"""Families that are held out stay unseen."""

from __future__ import annotations

import numpy as np

from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import Results, load_evidence
from lab.validate.accuracy.holdout import assign_folds, hold_out


def test_folds_keep_groups_whole() -> None:
    groups = ("a",) * 5 + ("b",) * 3 + ("c",) * 2 + ("d", "e")
    folds = assign_folds(groups, 3)
    for name in set(groups):
        assert len({int(f) for f, g in zip(folds, groups, strict=True) if g == name}) == 1
    assert len(set(folds.tolist())) == 3


def test_a_held_out_family_cannot_tell_its_own_figures() -> None:
    """Change a family's published figures: nothing about its own predictions may change."""
    evidence = load_evidence()
    few = evidence.take(list(range(0, len(evidence), 12)))
    effects = fit_effects(load_contrasts())
    honest = hold_out(few, effects, few.families)
    family = few.families[0]
    mine = np.array([f == family for f in few.families])
    lies = few.top1.copy()
    lies[mine] -= 5.0
    told = Results(
        few.networks, few.tags, few.resolutions, few.recipes, few.families, few.lineages, few.summaries, lies
    )
    after = hold_out(told, effects, few.families)
    for before, now in ((honest.top1, after.top1), (honest.low, after.low), (honest.high, after.high)):
        np.testing.assert_allclose(now[mine], before[mine], atol=1e-6)
    assert np.abs(after.top1[~mine] - honest.top1[~mine]).max() > 0.5
