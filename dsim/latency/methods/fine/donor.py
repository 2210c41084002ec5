"""A donor's fine rates: what a profile with some hundred networks starts from."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.maths.rounded import widened
from dsim.latency.methods.fine.costs import PRICED
from dsim.latency.methods.fine.evidence import FineEvidence
from dsim.latency.methods.fine.fit import fit_fine
from dsim.latency.methods.fine.rates import NOISE, family_weight

STRAY = 0.7  # log-spread of a rate around the donor's, beside the paces of the groups
# whether a runtime has a kernel for grouped convolutions is its own affair: TensorFlow Lite runs plain loops on one core, 50 times
# as long for each MAC as a desktop's library, whatever the precision
STRAY_GROUPED = 4.0


def stray() -> FloatArray:
    """Return how far each rate (P + 1,) may stray from the donor's, in logarithms."""
    out = np.full(len(PRICED) + 1, STRAY)
    out[PRICED.index("macs_grouped")] = STRAY_GROUPED
    return out


@lru_cache(maxsize=64)
def donor_log_rate(evidence: FineEvidence, without: frozenset[str]) -> FloatArray:
    """Return the log rates (P + 1,) of a donor, learned without some families."""
    keep = ~np.isin(evidence.family, sorted(without))
    found = fit_fine(
        evidence.phi[keep],
        evidence.log_ms[keep],
        family_weight(evidence.family[keep]),
        evidence.regime,
        widened(NOISE, evidence.rounding[keep]),
    )
    return found.log_rate
