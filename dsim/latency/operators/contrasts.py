"""Which activations a profile's operators tell apart: the same kernel timed with one and with another.

A kernel that was timed with relu here and with hardswish there, and differs in nothing else, tells the price of the
activation. The interval is that of a median over kernels drawn with replacement.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import permutations

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.identify import ACTIVATION_OPTIONS, NOISE_FLOOR, NORM_OPTIONS
from dsim.latency.operators.describe import numbers
from dsim.latency.operators.evidence import OpEvidence
from dsim.latency.operators.kernel import Kernel
from dsim.latency.records import Identified
from dsim.op import OpKind

LEAST_PAIRS = 4
DRAWS = 200


def activation_ratios(evidence: OpEvidence, a: OpKind | None, b: OpKind | None) -> FloatArray:
    """Give log(time with b / time with a), one for each kernel (P,) that was timed with both."""
    times: dict[tuple[float, ...], dict[OpKind | None, list[float]]] = defaultdict(lambda: defaultdict(list))
    for kernel, ms in zip(evidence.rows.kernels, evidence.rows.ms, strict=True):
        if kernel.op.activation in (a, b) and kernel.op.macs:
            bare = Kernel(replace(kernel.op, activation=None), kernel.joins, kernel.scales)
            times[numbers(bare)][kernel.op.activation].append(float(np.log(ms)))
    return np.array([np.median(t[b]) - np.median(t[a]) for t in times.values() if a in t and b in t])


def contrast_choices(evidence: OpEvidence) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms.

    The change is stated for the median network timed here, or for all operators together where no network was: what
    its kernels with an activation would cost more.
    """
    rng = np.random.default_rng(0)
    rows = evidence.rows
    scale = float(np.median(evidence.ms)) if len(evidence.ms) else float(rows.ms.sum())
    carrying = np.array([kernel.op.activation is not None for kernel in rows.kernels])
    part = scale * float((rows.ms * carrying).sum() / rows.ms.sum())
    out = []
    for a, b in permutations(ACTIVATION_OPTIONS, 2):
        ratios = activation_ratios(evidence, OpKind(a), OpKind(b))
        drawn = (
            part * np.expm1(np.median(rng.choice(ratios, (DRAWS, len(ratios))), axis=1))
            if len(ratios) >= LEAST_PAIRS
            else np.zeros(0)
        )
        out.append(
            _decide(f"activation:{a}>{b}", drawn, scale, f"{len(ratios)} kernels were timed with both")
        )
    for a, b in permutations(NORM_OPTIONS, 2):
        out.append(_decide(f"norm:{a}>{b}", np.zeros(0), scale, "no kernel was timed with both"))
    return tuple(out)


def _decide(choice: str, change_ms: FloatArray, scale_ms: float, pairs: str) -> Identified:
    """Decide one choice from draws of what it costs; none where too few kernels tell."""
    if not len(change_ms):
        why = f"{pairs}: fewer than {LEAST_PAIRS}"
        return Identified(choice, 0.0, -scale_ms, scale_ms, False, why)
    low, middle, high = (float(value) for value in np.quantile(change_ms, (0.05, 0.5, 0.95)))
    span = f"{low:+.2g} to {high:+.2g} ms on a network of {scale_ms:.3g} ms; {pairs}"
    floor = NOISE_FLOOR * scale_ms
    if low > 0 or high < 0:
        return Identified(choice, middle, low, high, True, f"the sign is certain: {span}")
    if -floor <= low and high <= floor:
        return Identified(choice, middle, low, high, True, f"no difference beyond the noise floor: {span}")
    return Identified(choice, middle, low, high, False, f"kernels disagree: {span}")
