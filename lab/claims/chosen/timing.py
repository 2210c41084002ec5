"""Time chosen designs with checks between them, as `dsim measure compared` times those of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dsim.arch import Arch
from dsim.device.profile import SEARCHED
from dsim.errors import UnavailableError
from dsim.measure.compared_designs import check_chip, timed_designs
from dsim.measure.front import NETWORKS
from dsim.measure.measurement import WITHOUT, Request, begin_compared, run_chosen, timing
from dsim.measure.planned import planned_design
from dsim.shift.measured import write_measured
from lab.claims.chosen.choose import STACKS
from lab.claims.chosen.control import spread_checks
from lab.claims.chosen.rows import Pick

CHECKS = 24  # timed again today


def time_stack(
    folder: Path, picks: Sequence[Pick], stack: str, seconds: float, allow_busy: bool = False
) -> tuple[int, int]:
    """Time designs on one stack, write their times beside the choices, and return how many are timed, and how many are to be.

    Raises
    ------
    DsimError
        The machine is of another chip, or cannot run this runtime.
    """
    backend = STACKS[stack]
    begun = begin_compared(Request((backend,), stack, "", seconds, 0, NETWORKS, False, allow_busy, WITHOUT))
    for why in begun.found.missing.values():
        raise UnavailableError(why)
    check_chip(begun, {backend: stack})
    planned = [
        planned_design(arch, SEARCHED) for arch in in_order(picks, stack, spread_checks(stack, CHECKS))
    ]
    with timing(begun) as show:
        run_chosen(begun, planned, show)
    timed = timed_designs(begun, {backend: stack}, {one.key for one in planned})
    if timed:
        write_measured(folder, timed)
    return len(timed), len(planned)


def in_order(picks: Sequence[Pick], stack: str, checks: Sequence[Arch]) -> tuple[Arch, ...]:
    """Put checks evenly between a stack's own choices, so that they see the same machine; other stacks' choices come last.

    What is cut off when the time is over are the designs that matter least, those of the last stack first.
    """
    own = list(dict.fromkeys(one.arch for one in picks if one.stack == stack))
    others = [one.arch for one in sorted(picks, key=lambda one: one.split) if one.stack != stack]
    out: list[Arch] = []
    for n, check in enumerate(checks):
        out += own[n * len(own) // len(checks) : (n + 1) * len(own) // len(checks)]
        out.append(check)
    return tuple(dict.fromkeys([*out, *own, *others]))
