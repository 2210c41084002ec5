"""compare: the same question to several devices. What `dsim.compare` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from dsim.arch import Arch, get_preset
from dsim.search import Space
from dsim.shift.records import Comparison
from dsim.shift.run import Progress, run_comparison
from dsim.shift.spec import (
    DEFAULT_FOLD_TRIALS,
    DEFAULT_LIKE,
    DEFAULT_REFITS,
    DEFAULT_SEEDS,
    DEFAULT_TRIALS,
    ComparisonSpec,
)


def compare(
    devices: Sequence[str],
    budgets_ms: Mapping[str, float] | None = None,
    *,
    like: str | Arch = DEFAULT_LIKE,
    what_if: Arch | None = None,
    confidence: float = 0.9,
    trials: int = DEFAULT_TRIALS,
    fold_trials: int = DEFAULT_FOLD_TRIALS,
    seeds: int = DEFAULT_SEEDS,
    refits: int = DEFAULT_REFITS,
    seed: int = 0,
    time_s: float | None = None,
    space: Space | None = None,
    name: str = "",
    out: str | Path | None = None,
    progress: Progress | None = None,
) -> Comparison:
    """Find how the best design moves between devices.

    Parameters
    ----------
    devices
        Names of at least two profiles.
    budgets_ms
        Budget by device in milliseconds. Without it each device's budget is the upper end of the interval of ``like``.
    like
        A preset's name, or a design.
    what_if
        The design whose single changes are priced on every device; ``like`` by default.
    confidence
        Level of all intervals.
    trials, fold_trials
        Mixes swept by each device's study, and by each search on half of the evidence.
    seeds, refits
        How many times the evidence is halved and searched again, and how many times models are learned anew from
        families drawn with replacement.
    seed
        Of everything random: the same inputs give the same answer.
    time_s
        Cap on the wall clock in seconds.
    space
        What may vary.
    name, out
        Name of the comparison, and the folder that holds its folder. Without ``out`` nothing is written.
    progress
        Called before each step with what it is, how many are over, and how many there are.

    Returns
    -------
    Comparison
        ``cells`` (the regret matrix), ``flips``, ``what_if``, ``robust``, ``halved``, ``devices``, ``pairs``.

    Raises
    ------
    DsimError
        A device is unknown, a value is out of range, the devices cannot share a matrix, or a file cannot be written.
    """
    spec = ComparisonSpec(
        tuple(devices),
        budgets_ms or {},
        get_preset(like) if isinstance(like, str) else like,
        like if isinstance(like, str) else "design",
        confidence,
        trials,
        fold_trials,
        seeds,
        refits,
        seed,
        time_s,
        space or Space(),
        what_if,
        "",
        name,
        Path(out) if out is not None else Path("studies"),
    )
    return run_comparison(spec, progress, keep=out is not None)
