"""Whole variants of a network, timed in turns: what one change costs, free of the machine's drift.

All variants run on all backends in every turn, in random order, a few runs each. A change's figure is the median over turns
of the ratio to the plain network within the same turn, so that whatever slowed the machine in a turn slowed both; the interval
comes from turns drawn with replacement.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from dsim.arch import Arch
from dsim.device.variants import Variant
from dsim.measure.contrast import ACTIVATIONS, NORMS
from dsim.measure.timing import QUICK
from dsim.shift.swaps import swaps

PLAIN = ""
RUNS = 3  # of each variant and backend in a turn; their median counts
WARM_UP = 3
LEAST_TURNS = 5  # fewer make no interval
DRAWS = 2000
LEVEL = 0.9
Key = TypeVar("Key")
Turn = Mapping[str, Mapping[str, float]]  # milliseconds by backend and choice


def variants_of(arch: Arch) -> dict[str, Arch]:
    """Return the plain network, and it with another activation, or another norm, everywhere outside attention; by choice."""
    wanted = {"activation": {str(one) for one in ACTIVATIONS}, "norm": {str(one) for one in NORMS}}
    out = {PLAIN: arch}
    for swap in swaps(arch):
        if swap.arch is not None and swap.after in wanted.get(swap.kind, ()):
            out[f"{swap.kind}:{swap.before}>{swap.after}"] = swap.arch
    return out


def time_turns(
    runs: Mapping[Key, Callable[[], object]],
    seconds: float,
    each: Callable[[Mapping[Key, float]], None],
    clock: Callable[[], float] = time.perf_counter,
    rng: random.Random | None = None,
    least: int = 0,
) -> int:
    """Time all in turns, in another order each turn, and hand over the milliseconds of every turn; return how many there were.

    Parameters
    ----------
    runs
        What to run, by name.
    seconds
        Begin no further turn after so many.
    each
        Takes the milliseconds of one turn.
    least
        Turns at least, however long they take.
    """
    order, draw = list(runs), rng or random.Random(0)
    for run in runs.values():
        for _ in range(WARM_UP):
            run()
    end, turns = clock() + seconds, 0
    while order and (turns < least or clock() < end):
        draw.shuffle(order)
        taken: dict[Key, float] = {}
        for key in order:
            samples = []
            for _ in range(RUNS):
                start = clock()
                runs[key]()
                samples.append((clock() - start) * 1e3)
            taken[key] = float(np.median(samples))
        each(taken)
        turns += 1
    return turns


def paired_variants(design: str, turns: Sequence[Turn], source: str) -> dict[str, tuple[Variant, ...]]:
    """Return what each change costs, by backend; a change with fewer than LEAST_TURNS turns is left out.

    Parameters
    ----------
    design
        What the plain network is called.
    turns
        Milliseconds of each turn, the plain network's under PLAIN.
    source
        What they were timed with.
    """
    out: dict[str, tuple[Variant, ...]] = {}
    for backend in dict.fromkeys(name for turn in turns for name in turn):
        own = [turn[backend] for turn in turns if PLAIN in turn.get(backend, {})]
        found = []
        for choice in sorted({name for turn in own for name in turn if name != PLAIN}):
            pairs = [(turn[PLAIN], turn[choice]) for turn in own if choice in turn]
            if len(pairs) >= LEAST_TURNS:
                found.append(_variant(design, choice, np.array(pairs), source))
        if found:
            out[backend] = tuple(found)
    return out


def _variant(design: str, choice: str, pairs: np.ndarray, source: str) -> Variant:
    """Return the median of paired ratios, with an interval over drawn turns; ``pairs`` (T, 2) plain and changed."""
    ratio = pairs[:, 1] / pairs[:, 0]
    drawn = np.random.default_rng(0).integers(0, len(ratio), (DRAWS, len(ratio)))
    low, high = np.quantile(np.median(ratio[drawn], axis=1), ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    middle, low, high = (round(100.0 * (float(value) - 1.0), 2) for value in (np.median(ratio), low, high))
    plain_ms = round(float(np.quantile(pairs[:, 0], QUICK)), 3)
    return Variant(design, choice, plain_ms, middle, low, high, len(pairs), "dsim", source)
