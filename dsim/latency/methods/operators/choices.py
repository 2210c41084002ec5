"""Which activations and norms a profile tells apart: by blocks timed for that, else the same kernel with one and another.

Where pairs of blocks were timed that differ in nothing else (`dsim measure` does), they decide. A kernel that was timed with relu here and with hardswish there, and differs in nothing else, tells the price of the
activation. The interval is that of a median over kernels drawn with replacement.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.identify import NOISE_FLOOR, judged, pairs
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.blocks import (
    NO_BLOCKS,
    BlockPair,
    BlockPairs,
    drawn_changes,
    priced_change,
)
from dsim.latency.methods.operators.describe import numbers
from dsim.latency.methods.operators.evidence import OpEvidence
from dsim.latency.records import Identified
from dsim.op import OpKind

LEAST_PAIRS = 4
DRAWS = 200


def activation_ratios(evidence: OpEvidence, a: OpKind | None, b: OpKind | None) -> FloatArray:
    """Return log(time with b / time with a), one for each kernel (P,) that was timed with both."""
    times: dict[tuple[float, ...], dict[OpKind | None, list[float]]] = defaultdict(lambda: defaultdict(list))
    for kernel, ms in zip(evidence.rows.kernels, evidence.rows.ms, strict=True):
        if kernel.op.activation in (a, b) and kernel.op.macs:
            bare = Kernel(replace(kernel.op, activation=None), kernel.joins, kernel.scales)
            times[numbers(bare)][kernel.op.activation].append(float(np.log(ms)))
    return np.array([np.median(t[b]) - np.median(t[a]) for t in times.values() if a in t and b in t])


def choices(evidence: OpEvidence, blocks: BlockPairs = NO_BLOCKS) -> tuple[Identified, ...]:
    """Decide every pair of activations and of norms.

    The change is stated for the median network timed here, or for all operators together where no network was: what
    its kernels with an activation would cost more, or, by blocks, what it would cost more if it were all such blocks.

    Parameters
    ----------
    blocks
        Pairs of blocks that differ in one choice; where there are some, kernels are not asked.
    """
    rng = np.random.default_rng(0)
    rows = evidence.rows
    scale = float(np.median(evidence.ms)) if len(evidence.ms) else float(rows.ms.sum())
    carrying = np.array([kernel.op.activation is not None for kernel in rows.kernels])
    part = scale * float((rows.ms * carrying).sum() / rows.ms.sum())
    out = []
    for choice, (kind, a), (_, b) in pairs():
        if choice in blocks:
            out.append(_by_blocks(choice, blocks[choice], scale, rng))
        elif kind == "norm":
            out.append(_decide(choice, np.zeros(0), scale, "no kernel was timed with both"))
        else:
            ratios = activation_ratios(evidence, OpKind(a), OpKind(b))
            drawn = (
                part * np.expm1(np.median(rng.choice(ratios, (DRAWS, len(ratios))), axis=1))
                if len(ratios) >= LEAST_PAIRS
                else np.zeros(0)
            )
            out.append(_decide(choice, drawn, scale, f"{len(ratios)} kernels were timed with both"))
    return tuple(out)


def _by_blocks(
    choice: str, pairs: Sequence[BlockPair], scale_ms: float, rng: np.random.Generator
) -> Identified:
    """Decide one choice by blocks, and say where the model prices it the other way round."""
    found = _decide(
        choice,
        scale_ms * drawn_changes(pairs, rng),
        scale_ms,
        f"{len(pairs)} blocks were timed with both",
        "blocks",
    )
    share = priced_change(pairs)
    if share is None:
        return found
    found = replace(found, priced_ms=scale_ms * share, floor_ms=NOISE_FLOOR * scale_ms)
    if not found.contradicted:
        return found
    return replace(
        found,
        why=f"{found.why}; the model does not price it so: {scale_ms * share:+.2g} ms, a search must not use it",
    )


def _decide(
    choice: str, change_ms: FloatArray, scale_ms: float, told: str, what: str = "kernels"
) -> Identified:
    """Decide one choice from draws of what it costs; none where too few kernels tell."""
    if not len(change_ms):
        why = f"{told}: fewer than {LEAST_PAIRS}"
        return Identified(choice, 0.0, -scale_ms, scale_ms, False, why)
    low, _, high = (float(value) for value in np.quantile(change_ms, (0.05, 0.5, 0.95)))
    span = f"{low:+.2g} to {high:+.2g} ms on a network of {scale_ms:.3g} ms; {told}"
    return judged(choice, change_ms, scale_ms, span, what)
