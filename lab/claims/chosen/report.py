"""The block `chosen` of lab/notes/intervals.md."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from dsim.report.table import table
from dsim.shift.measured import read_measured
from lab.claims.chosen.choose import STACKS
from lab.claims.chosen.judged import ALL, OTHER, OWN, Judged, Stack, clustered_mean, judged_stack
from lab.claims.chosen.rows import Pick, Said
from lab.claims.chosen.rule import Finding, finding, percent, shares

COLUMNS = ("stack", "designs", "priced by", "how many", "median error, %", "slower than estimated, %", "inside the interval",
           "keep to what they need", "the same, as timed", "within the budget")  # fmt: skip
VERDICTS = ("stack", "speed, %", "checks' speeds, %", "load", "keep more often than checks, points", "hidden, by the clock, %",
            "hidden, by the other half, %", "90% keep to needs times", "checks to needs times", "verdict")  # fmt: skip


def chosen_block(folder: Path, picks: Sequence[Pick], said: Sequence[Said]) -> str:
    """Return both tables."""
    timed = read_measured(folder)
    stacks = [
        judged_stack(name, picks, said, timed) for name in STACKS if any(one.device == name for one in timed)
    ]
    first = table(
        "Designs that halves of the evidence chose, timed: shares in percent (asked: 90)",
        COLUMNS,
        [row for stack in stacks for row in rows(stack)],
        COLUMNS[3:],
        "Slower: the mean of time over estimate, less one. Ranges are 95% intervals over the halves that chose (checks by all evidence: "
        "over the designs). Within the budget: in brackets the chance that was said, on average. As timed: not corrected for the "
        "machine's speed. Checks are at their times in the profile.",
    )
    second = table(
        "What being chosen does",
        VERDICTS,
        [verdict(stack, finding(stack)) for stack in stacks],
        VERDICTS[1:-1],
        "Speed: times of the checks that were timed again, over those in the profile, less one (the median; then the middle 90% of checks). "
        "Load: running tasks, of which the timing is one and the making of the next network another. Hidden: how much slower than the "
        "choosing half estimated chosen designs are, less the same of checks by the same models; and how much longer than the choosing "
        "half the other half says that they take (over splits).",
    )
    return f"{first.markdown().strip()}\n\n{second.markdown().strip()}"


def rows(stack: Stack) -> Iterator[tuple[str, ...]]:
    """Return a stack's rows of the first table."""
    mixes = len({_kinds(one) for one in stack.picks})
    designs = len({one.design for one in stack.picks})
    chosen = f"chosen: {designs} designs of {mixes} mixes, {len({one.by for one in stack.picks})} halves"
    means = (
        (OWN, float(np.mean([one.p_fits for one in stack.picks]))),
        (OTHER, math.nan),
        (ALL, float(np.mean([one.p_fits_whole for one in stack.picks]))),
    )
    for by, chance in means:
        yield _row(stack.name, chosen, by, stack.chosen[by], chance)
    yield _row(stack.name, "checks", "the same halves", stack.checks[OWN])
    yield _row(stack.name, "checks", ALL, stack.checks[ALL])
    if stack.others:
        yield _row(stack.name, "chosen for other stacks", ALL, stack.others)


def _row(
    name: str, what: str, by: str, judged: Sequence[Judged], chance: float = math.nan
) -> tuple[str, ...]:
    halves = [one.half for one in judged]
    within = clustered_mean(halves, [100.0 * one.fits for one in judged]).words(0)
    return (
        name,
        what,
        by,
        f"{len(judged)}",
        f"{100.0 * float(np.median([one.off for one in judged])):.1f}",
        clustered_mean(halves, [percent(one.slower) for one in judged]).words(1, sign=True),
        clustered_mean(halves, [100.0 * one.covered for one in judged]).words(0),
        shares(judged).words(0),
        clustered_mean(halves, [100.0 * (one.clock_ms <= one.said.needs_ms) for one in judged]).words(0),
        "-" if math.isnan(chance) else f"{within} [{100.0 * chance:.0f}]",
    )


def verdict(stack: Stack, found: Finding) -> tuple[str, ...]:
    """Return a stack's row of the second table."""
    speed = stack.speed
    words = "keeps to 90%: no price changes"
    if found.too_hopeful:
        helps = "helps" if found.remedy_helps else "does not help"
        words = f"too hopeful; widening by other splits {helps} ({found.remedied.words(0)})"
    ratio = speed.ratio
    return (
        stack.name,
        f"{100 * (ratio.middle - 1):+.1f} ({100 * (ratio.low - 1):+.1f} to {100 * (ratio.high - 1):+.1f}), {speed.checks} checks",
        f"{100 * (speed.low_check - 1):+.1f} to {100 * (speed.high_check - 1):+.1f}",
        f"at most {speed.load:.2f}",
        found.more.words(0, sign=True),
        found.clock.words(1, sign=True),
        found.paper.words(1, sign=True),
        f"{found.factor:.3f}",
        f"{found.check_factor:.3f}",
        words,
    )


def _kinds(pick: Pick) -> tuple[object, ...]:
    """Return what kind of blocks a design has, without how many and how wide."""
    arch = pick.arch
    blocks = [tuple(dict.fromkeys(block.mixer for block in stage.blocks)) for stage in arch.stages]
    first = arch.stages[0].blocks[0]
    return (arch.stem, *blocks, first.activation, first.norm)
