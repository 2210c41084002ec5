"""The family that the search starts from, predicted without its own rows."""

from __future__ import annotations

import numpy as np

from dsim.accuracy.cache import load_hyperparameters
from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import load_evidence
from dsim.accuracy.model import fit
from dsim.arch import get_preset
from lab.validate.accuracy.published import PUBLISHED


def test_the_starting_family_is_predicted_without_its_rows() -> None:
    evidence = load_evidence()
    rest = evidence.take([k for k, f in enumerate(evidence.families) if f != "efficientformer"])
    blind = fit(rest, fit_effects(load_contrasts()), *load_hyperparameters())
    table = np.array([blind.summarise(get_preset(name).to_graph()) for name in PUBLISHED])
    answer = blind.predict(table)
    figures = np.array(list(PUBLISHED.values()))
    assert np.abs(answer.top1 - figures).mean() < 1.0
    assert ((figures > answer.low) & (figures < answer.high)).all()
