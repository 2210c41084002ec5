"""All designs that a study compares in the end: what sweeps kept, published designs, and what was met on the way to a proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch
from dsim.search.certainty import swept_again
from dsim.search.clock import Clock
from dsim.search.grid import Grid
from dsim.search.mix import Mix
from dsim.search.options import Point
from dsim.search.proof import Proof, prove
from dsim.search.record import Swept
from dsim.search.score import Marks, Scorer
from dsim.search.spec import StudySpec
from dsim.search.table import Floats


@dataclass(frozen=True)
class Compared:
    """N designs: those of the mixes that were swept first, one mix after another.

    Attributes
    ----------
    archs
        Name of each, or nothing, and what makes it.
    rows, marks
        Joined rows (N, F + S), and what designs are sorted by.
    grids, firsts
        Of the mixes (M), and the place (M,) of the best design of each.
    proof
        That no design of the space is better; None where no design fits.
    """

    archs: list[tuple[str, Callable[[], Arch]]]
    rows: Floats
    marks: Marks
    grids: list[Grid]
    firsts: NDArray[np.int64]
    proof: Proof | None


def compare(
    spec: StudySpec,
    scorer: Scorer,
    done: Sequence[tuple[Mix, Swept]],
    presets: Mapping[str, Arch],
    chances: Sequence[float],
    met: Sequence[tuple[Mix, Point]],
    clock: Clock,
) -> Compared:
    """Mark all designs; of mixes that were swept, or of ``presets``, there is at least one.

    Parameters
    ----------
    done
        Mixes, with what their sweeps kept.
    presets
        Published designs that the space holds, by name.
    chances
        Of fitting the budget, for each of which the best design is wanted too.
    met
        Designs that were found without a sweep.
    clock
        That the proof goes by.
    """
    archs: list[tuple[str, Callable[[], Arch]]] = []
    grids = [Grid(spec.space, mix, scorer.table) for mix, _ in done]
    rows, firsts, points = list[Floats](), list[int](), list[tuple[Grid, list[int]]]()
    for grid, (_, swept) in zip(grids, done, strict=True):
        firsts.append(len(points))
        kept = np.array([*swept.points, swept.fastest])
        rows.append(grid.rows(kept))
        points += [(grid, point) for point in kept.tolist()]
    archs += [("", partial(grid.arch, point)) for grid, point in points]
    for name, arch in presets.items():
        rows.append(scorer.table.whole(arch)[None])
        archs.append((name, partial(replace, arch)))
    marks = scorer.mark(np.concatenate(rows), single=False)
    of_mixes = marks.take(slice(0, len(points)))
    more = swept_again(
        grids, [swept for _, swept in done], rows[: len(grids)], of_mixes, scorer, chances, spec.seed
    )
    more += [(Grid(spec.space, mix, scorer.table), list(point)) for mix, point in met]
    proof = None
    if points:
        first = int(scorer.order(of_mixes)[0])
        if scorer.feasible(of_mixes)[first]:
            grid, point = points[first]
            proof = prove(spec.space, scorer, (grid.mix, tuple(point)), clock)
            more += [(Grid(spec.space, mix, scorer.table), list(point)) for mix, point in proof.designs]
    for grid, point in more:
        rows.append(grid.rows(np.array([point])))
        archs.append(("", partial(grid.arch, point)))
    joined = np.concatenate(rows)
    if more:
        marks = Marks.join([marks, scorer.mark(joined[len(marks) :], single=False)])
    return Compared(archs, joined, marks, grids, np.array(firsts, dtype=np.int64), proof)
