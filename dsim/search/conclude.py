"""What a search says in the end: its designs are compared, one is chosen, and what is as good and what may be missed is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dsim.arch import Arch
from dsim.errors import InvalidValueError, NothingFitsError
from dsim.search.across import Across
from dsim.search.candidate import Candidate, Certainty
from dsim.search.clock import Clock
from dsim.search.compared import Compared, compare
from dsim.search.grid import Grid
from dsim.search.judge import candidate_of
from dsim.search.missed import MOST_DRAWN, PART, Alike, Missed, families, rarer_than
from dsim.search.mix import Mix
from dsim.search.options import Point
from dsim.search.proof import Proof
from dsim.search.record import Swept
from dsim.search.result import Cost
from dsim.search.score import Marks, Scorer, allowed, pareto
from dsim.search.smallest import no_design
from dsim.search.spec import StudySpec
from dsim.search.table import Floats
from dsim.search.trials import Trials

LAST_S = 1.0  # of proof where the search was cut short, or its time is nearly over


@dataclass(frozen=True)
class Found:
    """What the search itself found, before published networks and notes are added."""

    chosen: Candidate | None
    front: tuple[Candidate, ...]
    fastest: Candidate
    cost: Cost
    certainty: tuple[Certainty, ...] = ()
    alike: Alike | None = None
    missed: Missed | None = None
    contenders: Floats | None = None  # summaries (K, S) of the best designs of the best mixes, the best first


@dataclass(frozen=True)
class Ended:
    """A search whose mixes are swept, with what sweeps from better designs kept.

    Attributes
    ----------
    trials, better
        Both with what their sweeps kept.
    met
        Designs that were found on the way, without their mixes being swept from there.
    across
        What improved the best design.
    swept
        Whether all mixes were swept that were to be.
    interrupted
        Whether the user ended it.
    clock
        That runs since it began.
    """

    trials: Trials
    better: tuple[tuple[Mix, Swept], ...]
    met: tuple[tuple[Mix, Point], ...]
    across: Across
    swept: bool
    interrupted: bool
    clock: Clock

    @property
    def every(self) -> list[tuple[Mix, Swept]]:
        """All sweeps."""
        return [*self.trials.done, *self.better]

    @property
    def cut(self) -> bool:
        """Whether time or the user ended it before it came to its end."""
        return self.clock.cut or self.interrupted


def conclude(
    spec: StudySpec, scorer: Scorer, ended: Ended, presets: dict[str, Arch], chances: Sequence[float]
) -> Found:
    """Compare the kept points of all mixes and the presets, and choose."""
    trials, every = ended.trials, ended.every
    if not every and not presets:
        raise InvalidValueError(
            f"a search needs the time for at least one combination of blocks, got {spec.time_s} s; give it more --time"
        )
    # a second is left even so, for a short proof may find a better design
    clock = Clock(LAST_S) if ended.interrupted else ended.clock.with_at_least(LAST_S)
    compared = compare(spec, scorer, every, presets, chances, ended.met, clock)
    archs, joined, marks = compared.archs, compared.rows, compared.marks
    grids, proof = compared.grids, compared.proof or Proof()

    def candidates(which: Sequence[int]) -> list[Candidate]:
        if not which:  # no budget is enough for any design
            return []
        own = joined[list(which)]
        scores = scorer.score(own)
        return [
            candidate_of(archs[at][0], archs[at][1](), scorer, own[n : n + 1], scores.take(np.array([n])))
            for n, at in enumerate(which)
        ]

    def best_of(own: Scorer, marks: Marks) -> Candidate | None:
        best = int(own.order(marks)[0])
        return candidates([best])[0] if bool(own.feasible(marks)[best]) else None

    some = np.flatnonzero(allowed(marks))
    if not len(some) and scorer.table.ceiling is not None:
        columns = scorer.table.cut(joined).amounts
        assert columns is not None
        raise NothingFitsError(no_design(scorer.table.ceiling, columns, marks.in_region))
    usable = some if len(some) else np.arange(len(marks))
    front = candidates([int(usable[i]) for i in pareto(marks.take(usable))])
    fastest = candidates([int(usable[scorer.fastest(marks.take(usable))])])[0]
    certainty = []
    for chance in chances:
        own = replace(scorer, chance=chance)
        certainty.append(Certainty(chance, best_of(own, own.with_needs(marks, joined))))
    # a preset that lies on a swept grid was scored there
    extra = sum(all(grid.locate(arch) is None for grid in grids) for arch in presets.values())
    chosen = best_of(scorer, marks)
    alike = _alike(spec, scorer, ended, compared, chosen) if chosen else None
    repeats = sum(swept.repeats for _, swept in every)
    designs = sum(swept.designs for _, swept in every) + extra + ended.across.scored
    cost = Cost(
        ended.clock.seconds,
        designs,
        len(trials.done),
        repeats,
        ended.clock.cut or (clock.cut and not ended.interrupted),
        ended.interrupted or proof.interrupted,
        ended.swept,
    )
    found = Found(chosen, tuple(front), fastest, cost, tuple(certainty))
    if chosen is None:
        return found
    firsts = compared.firsts
    tops = np.where(scorer.feasible(marks.take(firsts)), marks.top1_low[firsts], -np.inf)
    best = np.argsort(-tops, kind="stable")[:MOST_DRAWN]
    summaries = scorer.table.cut(joined[firsts[best[np.isfinite(tops[best])]]]).summary
    return replace(
        found,
        alike=alike,
        missed=Missed(
            len(trials.even),
            0.0 if trials.ended else rarer_than(len(trials.even)),
            regret_at_most=None if proof.top1_low is None else max(proof.top1_low - chosen.top1_low, 0.0),
        ),
        contenders=summaries if len(summaries) > 1 else None,
    )


def _alike(
    spec: StudySpec, scorer: Scorer, ended: Ended, compared: Compared, chosen: Candidate
) -> Alike | None:
    """Say which designs no evidence tells from the chosen one: of all mixes where all were swept, else around the best design."""
    within = PART * (chosen.top1_high - chosen.top1_low)
    least = chosen.top1_low - within
    firsts = [(mix, tuple(swept.points[0])) for mix, swept in ended.every]
    marks = compared.marks.take(compared.firsts)
    fits = scorer.feasible(marks)
    if ended.cut or ended.trials.ended or not fits.any():
        designs = [firsts[at] for at in np.flatnonzero(fits & (marks.top1_low >= least)).tolist()]
    else:
        designs = list(ended.across.as_good(*firsts[int(scorer.order(marks)[0])], least))
    mixes = {mix for mix, _ in designs}
    valued = [(mix, Grid(spec.space, mix, scorer.table).values(point)) for mix, point in designs]
    return Alike(within, len(mixes), families(spec.space, valued)) if designs else None
