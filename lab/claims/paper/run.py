"""Run the checks: every statement on every profile, measured evidence first, models where they may be asked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from dsim.device import DeviceProfile, find_profile
from dsim.device.folders import bundled_names
from dsim.threads import one_blas_thread
from lab.claims.paper import (
    activation,
    attention,
    dimension,
    hardswish,
    linear,
    mobilenet,
    norm,
    returns,
    stem,
)
from lab.claims.paper.records import Across, Check, Inputs, Ruling, Statement

STATEMENTS: dict[str, Statement] = {
    stem.KEY: stem.STATEMENT,
    dimension.KEY: dimension.STATEMENT,
    attention.LAST: attention.LAST_STAGE,
    attention.LATE: attention.STAGE_3,
    norm.KEY: norm.STATEMENT,
    linear.KEY: linear.STATEMENT,
    mobilenet.KEY: mobilenet.STATEMENT,
    returns.KEY: returns.STATEMENT,
    hardswish.KEY: hardswish.STATEMENT,
}
ACROSS: dict[str, Across] = {
    activation.COST: activation.ACROSS_COST,
    activation.BEST: activation.ACROSS_BEST,
}
Progress = Callable[[str], None]


@one_blas_thread()
def run_checks(
    devices: Collection[str], seed: int = 0, progress: Progress | None = None
) -> tuple[Check, ...]:
    """Check the paper's statements.

    Parameters
    ----------
    devices
        Names of profiles that are judged whatever there is to say, by their models where nothing was measured. Every
        other bundled profile is judged where measured evidence counts.
    seed
        Of everything drawn.
    progress
        Called with the name of each profile.

    Returns
    -------
    tuple
        Checks in the order of the statements, devices asked for first.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    """
    names = [*devices, *(name for name in bundled_names() if name not in devices)]
    profiles: list[DeviceProfile] = []
    found: list[Check] = []
    for name in names:
        if progress:
            progress(name)
        profile = find_profile(name)
        # operators are many, and no statement across devices needs them
        profiles.append(replace(profile, ops=()))
        found += checks_of(profile, Inputs(name in devices, seed))
    for key, across in ACROSS.items():
        judged = across.judge(profiles)
        found += judged
        silent = [name for name in devices if name not in {check.device for check in judged}]
        found += [
            Check(key, name, Ruling.OPEN, across.nothing, None, None, None, "", "nothing", ())
            for name in silent
        ]
    return in_order(found, names)


def checks_of(profile: DeviceProfile, inputs: Inputs) -> tuple[Check, ...]:
    """Judge one profile by itself; one that was not asked for is left out where nothing counts."""
    found = (statement.judge(profile, inputs) for statement in STATEMENTS.values())
    return tuple(check for check in found if inputs.ask or any(piece.counts for piece in check.pieces))


def in_order(checks: Sequence[Check], names: Sequence[str]) -> tuple[Check, ...]:
    """Sort checks by statement, then by device, and say where two devices' evidence is the same figures."""
    keys = [*STATEMENTS, *ACROSS]
    ordered = sorted(checks, key=lambda check: (keys.index(check.statement), names.index(check.device)))
    first: dict[object, str] = {}
    out = []
    for check in ordered:
        figures = (check.statement, *((p.a, p.b, p.a_ms, p.b_ms, p.value) for p in check.pieces if p.counts))
        owner = first.setdefault(figures, check.device) if len(figures) > 1 else check.device
        repeated = f"; the same figures as under {owner}"
        out.append(check if owner == check.device else replace(check, why=check.why + repeated))
    return tuple(out)
