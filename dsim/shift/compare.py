"""compare: the same question to several devices. What `dsim.compare` runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dsim.arch import Arch
from dsim.arch.named import read_design
from dsim.device.find import name_at_batch
from dsim.device.rough import refuse_rough
from dsim.search import Space
from dsim.search.task import TaskSource, source_of, space_asked
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
from dsim.units import milliseconds, seconds


def compare(
    devices: Sequence[str] | str,
    budgets_ms: Mapping[str, float | str] | None = None,
    *,
    batch: int | None = None,
    like: str | Path | Arch | None = None,
    what_if: str | Path | Arch | None = None,
    confidence: float = 0.9,
    trials: int = DEFAULT_TRIALS,
    fold_trials: int = DEFAULT_FOLD_TRIALS,
    seeds: int = DEFAULT_SEEDS,
    refits: int = DEFAULT_REFITS,
    seed: int = 0,
    time_s: float | str | None = None,
    space: Space | str | Path | None = None,
    name: str = "",
    out: str | Path | None = None,
    accuracy: TaskSource | str | Path | None = None,
    recipe: str = "",
    rough: bool = False,
    progress: Progress | None = None,
    jobs: int = 1,
) -> Comparison:
    """Find how the best design moves between devices.

    Parameters
    ----------
    devices
        Names of at least two profiles; also as one text with commas, ``"iphone12,i9-10940x"``.
    budgets_ms
        Budget by device: a number of milliseconds, or a text such as ``"2ms"``. Without it each device's budget is the
        smallest that ``like`` fits there.
    batch
        Images in a run, for profiles that were measured at several; their smallest by default.
    like
        A design: a preset's name, the path of an arch.json or of a study's folder, or the design itself. EfficientFormer-L1
        by default; with ``accuracy`` the design in the middle of the supernet's space.
    what_if
        The design, named in the same ways, whose single changes are priced on every device; ``like`` by default.
    confidence
        Chance with which a design must fit its budget, cliffs included, and level of all intervals.
    trials, fold_trials
        Mixes swept by each device's study, and by each search on half of the evidence.
    seeds, refits
        How many times the evidence is halved and searched again, and how many times models are learned again from
        families drawn with replacement.
    seed
        Of everything random: the same inputs give the same answer.
    time_s
        Cap on the wall clock: a number of seconds, or a text such as ``"180s"``.
    space
        What may vary, or the path of its TOML file.
    name, out
        Name of the comparison, and the folder that holds its folder. Without ``out`` nothing is written.
    accuracy
        A trained supernet's folder, or what `dsim.supernet.task_source` returns, to compare designs by their ranks on the
        user's own task instead of by ImageNet top-1. No design is trained.
    recipe
        How designs would be trained for ImageNet, such as ``"epochs=100,teacher=none"``; what it leaves out is as in the
        reference recipe (300 epochs, distilled, the space's resolution).
    rough
        Compare rough profiles too; they are refused otherwise, for every device compared has a budget.
    progress
        Called before each step with what it is, how many are over, and how many there are.
    jobs
        Processes that work at a time, each on a device. The result is the same; needs ``out``, and no ``time_s``.

    Returns
    -------
    Comparison
        ``cells`` (the regret matrix), ``flips``, ``what_if``, ``robust``, ``halved``, ``devices``, ``pairs``.

    Raises
    ------
    DsimError
        A device is unknown, a value is out of range, the devices cannot share a matrix, or a file cannot be written.
    """
    if isinstance(devices, str):
        devices = tuple(name.strip() for name in devices.split(",") if name.strip())
    refuse_rough([name_at_batch(name, batch) for name in devices], rough)
    source = source_of(accuracy)
    asked = space_asked(space, source)
    design, called = _like(like, source)
    spec = ComparisonSpec(
        tuple(name_at_batch(name, batch) for name in devices),
        {name_at_batch(name, batch): milliseconds(budget) for name, budget in (budgets_ms or {}).items()},
        design,
        called,
        confidence,
        trials,
        fold_trials,
        seeds,
        refits,
        seed,
        seconds(time_s),
        asked,
        None if what_if is None else read_design(what_if),
        "" if what_if is None else _name(what_if),
        name,
        Path(out) if out is not None else Path("studies"),
        replace(source.task, designs=0) if source else None,
        recipe,
    )
    return run_comparison(spec, progress, keep=out is not None, source=source, jobs=jobs)


def _like(asked: str | Path | Arch | None, source: TaskSource | None) -> tuple[Arch, str]:
    """Return the design whose latency sets budgets, and its name."""
    if asked is None and source is not None:
        return source.middle, source.task.middle
    asked = DEFAULT_LIKE if asked is None else asked
    return read_design(asked), _name(asked)


def _name(design: str | Path | Arch) -> str:
    return "design" if isinstance(design, Arch) else str(design)
