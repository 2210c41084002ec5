"""The distribution of errors as it was made before strata: what `lab.validate.intervals` holds its figures against."""

from __future__ import annotations

from typing import Any

import numpy as np

from dsim.latency.calibrate import GRID, Calibration, Errors, normal, phone_scales, rising, smoothed
from dsim.latency.evidence import Evidence
from dsim.latency.learner import Learner

TAIL = 8.0


def earlier(learner: Learner[Any, Any], evidence: Evidence, errors: Errors, owner: int) -> Calibration:
    """Let every family of a pool weigh the same, whichever profile it was timed on, and the tail be wide."""
    z, families, owners = errors.z, errors.families, errors.owner
    if learner.symmetric(evidence.profile):
        z, families, owners = np.concatenate([z, -z]), np.tile(families, 2), np.tile(owners, 2)
    scales = phone_scales(z, families, owners)
    scales = np.concatenate([scales, np.ones(max(0, owner + 1 - len(scales)))])
    _, where, counts = np.unique(families, return_inverse=True, return_counts=True)
    weight, tail = 1.0 / counts[where] / len(counts), 1.0 / (len(counts) + 1.0)
    within = smoothed(z * scales[owner] / scales[owners], weight)
    cumulative = (1.0 - tail) * within + tail * normal(GRID / (TAIL * scales[owner]))
    return Calibration(rising(cumulative), learner.centred)
