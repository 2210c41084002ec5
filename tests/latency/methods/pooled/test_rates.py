"""What an ensemble of rates says of vectors, against the formulas written out for one network."""

from __future__ import annotations

import numpy as np

from dsim.latency.features import COLUMNS, PRICED
from dsim.latency.maths.blocks import BLOCK
from dsim.latency.methods.pooled.rates import FIXED_MS, FLOOR, Rates


def test_figures_are_the_formulas_for_each_network_alone() -> None:
    random = np.random.default_rng(0)
    count = len(PRICED) + 1
    theta = random.normal(0.0, 0.3, (4, count))
    half = random.normal(0.0, 0.1, (count, count))
    rates = Rates(theta, half @ half.T)
    phi = random.random((2 * BLOCK + 7, len(COLUMNS)))  # more than are priced at once
    log, spread = rates.log_ms(phi)
    for n in (0, BLOCK - 1, BLOCK, len(phi) - 1):
        nominal = np.array([*(phi[n, COLUMNS.index(name)] for name in PRICED), FIXED_MS])
        members = [np.log(sum(nominal * np.exp(one))) for one in theta]
        part = nominal * np.exp(theta.mean(0))
        share = part / part.sum()
        variance = FLOOR**2 + share @ rates.covariance @ share + np.var(members)
        np.testing.assert_allclose([log[n], spread[n]], [np.mean(members), np.sqrt(variance)], rtol=1e-12)
