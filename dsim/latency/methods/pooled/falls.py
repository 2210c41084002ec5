"""Which networks left the accelerator, and what they had in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dsim.latency.cliffs import PRIOR_SD, SIGNS, signs
from dsim.latency.features import FloatArray
from dsim.latency.methods.pooled.evidence import PooledEvidence


def distinct(evidence: PooledEvidence) -> NDArray[np.int64]:
    """Return one row for every network, profile, outcome and kind of protocol, however often it was timed so."""
    seen: dict[tuple[int, str, bool, bool], int] = {}
    for n, ((profile, row), reference) in enumerate(zip(evidence.rows, evidence.reference, strict=True)):
        seen.setdefault((profile, row.graph, bool(row.cliff), bool(reference)), n)
    return np.array(sorted(seen.values()))


def fit_cliffs(evidence: PooledEvidence) -> FloatArray:
    """Learn the weights (1 + len(SIGNS),) for the reference protocols."""
    at = distinct(evidence)
    other = ~evidence.reference[at]
    x = np.hstack([signs(evidence.phi[at]), other[:, None].astype(np.float64)])
    y = np.array([float(bool(evidence.rows[n][1].cliff)) for n in at])
    weights = np.zeros(x.shape[1])
    precision = np.diag([1e-6, *[PRIOR_SD**-2] * len(SIGNS), 1e-6])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + precision
        step = np.linalg.solve(hessian, x.T @ (y - p) - precision @ weights)
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return weights[:-1]
