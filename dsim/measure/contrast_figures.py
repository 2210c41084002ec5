"""What a choice costs in one block, with its interval.

A block's milliseconds are the slope between two numbers of copies, so that what a network takes beside its blocks (copies at
its ends, dispatch) is gone. The interval of a difference has two sources. **Runs**: turns are drawn with replacement, the
same turns for all networks of a visit, because what slowed the machine in a turn slowed all of them; each draw gives quiet
latencies, slopes and differences anew. Propagating each network's own error through the slopes would take that common part for
noise. **Loading**: the same network, loaded twice, takes a little longer or shorter (where its memory lies), which no number of
runs shows; its spread is that between visits, over all networks of a backend, after what a shape's networks have in common
is taken off, and is drawn anew for each network and visit. Where no shape was visited twice, the interval has the first alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dsim.latency.features import FloatArray
from dsim.measure.contrast import COPIES, PAIRS, BlockOptions, Pair, Shape
from dsim.measure.contrast_journal import Visit
from dsim.measure.timing import QUICK

DRAWS = 1000
LEVEL = 0.9
Net = tuple[BlockOptions, int]


@dataclass(frozen=True)
class BlockContrast:
    """One choice in one block on one backend.

    Attributes
    ----------
    pair, shape
        Which variants, of which block.
    a_ms, b_ms
        Milliseconds of one block with each.
    low_ms, high_ms
        Ends of the 90% interval of ``b_ms - a_ms``.
    visits, runs
        How often the networks were loaded, and the least number of runs of any of them in all.
    """

    pair: Pair
    shape: Shape
    a_ms: float
    b_ms: float
    low_ms: float
    high_ms: float
    visits: int
    runs: int


def quiet_ms(ms: FloatArray, weight: FloatArray) -> FloatArray:
    """Return the lower deciles (D,) of runs (R,) that count ``weight`` (D, R) times each."""
    order = np.argsort(ms, kind="stable")
    cumulated = np.cumsum(weight[:, order], axis=1)
    at = np.argmax(cumulated >= QUICK * cumulated[:, -1:], axis=1)
    out: FloatArray = ms[order][at]
    return out


def loading_spread(visits: Sequence[Visit], backend: str) -> float:
    """Return the spread of log milliseconds of a network between visits; 0 where no shape was visited twice."""
    logs: dict[Shape, dict[Net, list[float]]] = defaultdict(lambda: defaultdict(list))
    for visit in visits:
        for one in visit.seen.get(backend, ()):
            logs[visit.shape][one.variant, one.copies].append(float(np.log(np.quantile(one.ms, QUICK))))
    squares, freedom = 0.0, 0
    for nets in logs.values():
        twice = [own for own in nets.values() if len(own) > 1]
        if len(twice) < 2:
            continue
        times = min(len(own) for own in twice)
        table = np.array([own[:times] for own in twice])
        rest = table - table.mean(1, keepdims=True) - table.mean(0) + table.mean()
        squares += float((rest**2).sum())
        freedom += (len(twice) - 1) * (times - 1)
    return float(np.sqrt(squares / freedom)) if freedom else 0.0


def block_contrasts(visits: Sequence[Visit], backend: str) -> tuple[BlockContrast, ...]:
    """Return every choice at every shape that a backend was timed with.

    Returns
    -------
    tuple
        In the order of shapes and PAIRS; what misses a network, or comes out with a block of no time, is left out.
    """
    rng = np.random.default_rng(0)
    spread = loading_spread(visits, backend)
    out = []
    for shape in dict.fromkeys(visit.shape for visit in visits):
        own = [visit for visit in visits if visit.shape == shape and visit.seen.get(backend)]
        drawn = [_draws(visit, backend, spread, rng) for visit in own]
        for pair in PAIRS:
            having = [
                (visit, slopes)
                for visit, slopes in zip(own, drawn, strict=True)
                if {pair.a, pair.b} <= set(slopes)
            ]
            if not having:
                continue
            # the first column of each is the figure itself, the others are draws
            a, b = (np.mean([slopes[one] for _, slopes in having], axis=0) for one in (pair.a, pair.b))
            if a[0] <= 0 or b[0] <= 0:
                continue
            low, high = np.quantile((b - a)[1:], ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
            low = max(low, -a[0])  # a change saves at most what the block costs
            runs = min(
                sum(
                    len(one.ms)
                    for visit, _ in having
                    for one in visit.seen[backend]
                    if (one.variant, one.copies) == net
                )
                for net in ((variant, copies) for variant in (pair.a, pair.b) for copies in COPIES)
            )
            out.append(
                BlockContrast(
                    pair, shape, float(a[0]), float(b[0]), float(low), float(high), len(having), runs
                )
            )
    return tuple(out)


def _draws(
    visit: Visit, backend: str, spread: float, rng: np.random.Generator
) -> dict[BlockOptions, FloatArray]:
    """Return a block's milliseconds (1 + DRAWS,) by variant: the figure, then draws of it."""
    chains = visit.seen[backend]
    turns = 1 + max(turn for one in chains for turn in one.turns)
    times = rng.multinomial(turns, np.full(turns, 1.0 / turns), DRAWS)
    weight = np.vstack([np.ones(turns), times]).astype(np.float64)
    taken: dict[Net, FloatArray] = {}
    for one in chains:
        quiet = quiet_ms(np.array(one.ms), weight[:, one.turns])
        loading = np.concatenate([[0.0], rng.normal(0.0, spread, DRAWS)])
        taken[one.variant, one.copies] = quiet * np.exp(loading)
    few, many = COPIES[0], COPIES[-1]
    return {
        variant: (taken[variant, many] - taken[variant, few]) / (many - few)
        for variant in {one.variant for one in chains}
        if {(variant, few), (variant, many)} <= set(taken)
    }
