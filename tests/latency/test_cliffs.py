"""The chance of a cliff."""

from __future__ import annotations

import numpy as np

from dsim.latency.cliffs import distinct, fit_cliffs, p_cliff, signs
from dsim.latency.evidence import Evidence
from dsim.latency.features import COLUMNS, INDEX


def test_chances_add_up_to_the_cliffs_seen_in_the_reference_protocols(evidence: Evidence) -> None:
    # a logistic regression with a free constant per kind of protocol reproduces the share of each
    at = distinct(evidence)
    at = at[evidence.reference[at]]
    share = np.mean([bool(evidence.rows[n][1].cliff) for n in at])
    assert abs(p_cliff(evidence.phi[at], fit_cliffs(evidence)).mean() - share) < 1e-4


def test_hard_swish_is_a_warning_sign(evidence: Evidence) -> None:
    weights = fit_cliffs(evidence)
    phi = np.zeros((2, len(COLUMNS)))
    phi[1, INDEX["n_hardswish"]] = 3
    plain, warned = p_cliff(phi, weights)
    assert 0 < plain < warned < 1
    assert signs(phi).shape == (2, len(weights))
