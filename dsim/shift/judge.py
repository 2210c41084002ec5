"""Put everything together that a comparison says: matrix, flips, what-if table, robust design."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dsim.arch import Arch
from dsim.shift.draws import Draws
from dsim.shift.enough import count_halvings, too_few, withheld
from dsim.shift.flips import Values, flip_designs, flips_between, refit_choices
from dsim.shift.parts import Parts
from dsim.shift.records import Cell, Flip, Halved, Robust, WhatIf
from dsim.shift.regret import cell_of
from dsim.shift.robust import find_robust, robust_record
from dsim.shift.side import Side, thinned
from dsim.shift.spec import ComparisonSpec
from dsim.shift.stack import Pair
from dsim.shift.what_if import what_if, what_if_designs

FROM_EACH_FRONT = 40

Shrunk = dict[tuple[str, str], Arch | None]


@dataclass(frozen=True)
class Judged:
    """What can be said, given the draws."""

    cells: tuple[Cell, ...]
    flips: tuple[Flip, ...]
    what_if: WhatIf
    robust: Robust | None


def pool_of_fronts(sides: Sequence[Side], shrunk: Iterable[Arch | None]) -> tuple[Arch, ...]:
    """Return the candidates that are chosen among again: the devices' fronts, thinned evenly, best and shrunk designs."""
    found = [side.best.arch for side in sides if side.best is not None]
    found += [arch for arch in shrunk if arch is not None]
    found += [c.arch for side in sides for c in thinned(side.front, FROM_EACH_FRONT)]
    return tuple(dict.fromkeys(found))


def designs_of(
    spec: ComparisonSpec, sides: Sequence[Side], shrunk: Shrunk, pool: Sequence[Arch]
) -> tuple[Arch, ...]:
    """Return every design that the comparison speaks of."""
    asked = what_if_designs(spec.asked[0])
    changed = [arch for arch in shrunk.values() if arch is not None]
    return tuple(dict.fromkeys([*asked, *pool, *changed, *flip_designs(sides)]))


def judge_all(
    spec: ComparisonSpec,
    sides: Sequence[Side],
    pairs: Sequence[Pair],
    shrunk: Shrunk,
    pool: Sequence[Arch],
    draws: Draws,
    halved: Sequence[Halved],
) -> Judged:
    """Judge.

    Parameters
    ----------
    pairs
        Every pair of devices, each with itself included.
    shrunk
        Of `dsim.shift.regret.shrunk_designs`.
    pool
        Of `pool_of_fronts`.
    """
    between = {frozenset((pair.a, pair.b)): pair for pair in pairs}
    cells = tuple(
        cell_of(of, on, between[frozenset((of.device, on.device))], shrunk.get((of.device, on.device)), draws)
        for of in sides
        for on in sides
    )
    low = np.zeros(len(draws.panel))
    scorer = sides[0].scorer
    for arch in pool:
        row = scorer.score(scorer.table.whole(arch)[None])
        low[draws.panel.index(arch)] = row.top1_low[0] if row.in_region[0] else -np.inf
    flips: list[Flip] = []
    for i, a in enumerate(sides):
        for b in sides[i + 1 :]:
            pair = between[frozenset((a.device, b.device))]
            halves = _halves(a.device, b.device, halved)
            flips += flips_between(a, b, pair, draws, halves, refit_choices(a, b, draws, pool, low))
    arch, name = spec.asked
    found = find_robust(sides, pool)
    judged = Judged(
        cells,
        tuple(flips),
        what_if(name, arch, sides, draws),
        robust_record(found, sides, draws) if found else None,
    )
    refits = min(len(on.refit_log) for on in draws.on.values())
    return _withheld(judged) if too_few(refits, count_halvings(halved)) else judged


def _withheld(judged: Judged) -> Judged:
    """Return what was judged with no difference called a finding."""
    rows = (
        replace(row, on=tuple(replace(on, verdict=withheld(on.verdict)) for on in row.on))
        for row in judged.what_if.rows
    )
    return replace(
        judged,
        cells=tuple(replace(cell, verdict=withheld(cell.verdict)) for cell in judged.cells),
        flips=tuple(replace(flip, verdict=withheld(flip.verdict)) for flip in judged.flips),
        what_if=replace(judged.what_if, rows=tuple(rows)),
    )


def _halves(a: str, b: str, halved: Sequence[Halved]) -> list[tuple[Values, Values]]:
    """Pair the designs that both devices chose on the same half of the families."""
    chosen = {(h.device, h.fold_seed): Parts.of(h.arch).values() for h in halved if h.arch is not None}
    splits = sorted({split for _, split in chosen})
    return [
        (chosen[a, split], chosen[b, split])
        for split in splits
        if (a, split) in chosen and (b, split) in chosen
    ]
