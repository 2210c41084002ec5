"""Improve the best design of a search across all mixes at once, and find what is as good.

A search that goes from a mix to those beside it ends where no single choice is better. Here the blocks, widths, depths and MLP ratios
of all stages move together, as the sums of `dsim.search.stage_sums` say; stem, kind of attention, activation and norm change one at a
time. What is found depends on the design to begin with alone, so that searches which end at one design say the same of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dsim.arch import Arch
from dsim.search.clock import Clock
from dsim.search.grid import Grid
from dsim.search.mix import Mix
from dsim.search.options import Options, Point, options_of
from dsim.search.record import Swept
from dsim.search.score import Marks, Scorer
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.stage_sums import Designs, StageSums, stage_sums
from dsim.search.sweep import sweep_mixes
from dsim.search.table import Floats

STARTS = 8  # best swept mixes from which it begins
ROUNDS = 12  # of one kind: each begins at a better design
CLOSE = 1e-4  # points of pessimistic top-1 that no round is made for
_CHOICES = ("stem", "attention", "activation", "norm")  # one of each for a whole design: they make its kind


@dataclass(frozen=True)
class _Place:
    """A design among the options of its kind (a mix of that kind stands for it), with its mark, which is exact."""

    kind: Mix
    options: Options
    chosen: tuple[int, ...]
    marks: Marks


class Across:
    """Goes from design to design, and counts what it scores.

    Parameters
    ----------
    space
        What may vary.
    scorer
        The models, the budget and the limits.
    clock
        That may end it: then the best design so far is taken.

    Attributes
    ----------
    scored
        Designs so far.
    """

    def __init__(self, space: Space, scorer: Scorer, clock: Clock | None = None) -> None:
        self.scored = 0
        self._space, self._scorer, self._clock = space, scorer, clock or Clock()
        self._known: dict[tuple[Mix, tuple[int, ...]], StageSums] = {}

    def improve(self, starts: Sequence[tuple[Mix, Point]]) -> tuple[Mix, Point]:
        """Go from the best of some designs that fit to better ones until none is found; points are of the grids of their mixes."""
        best = self._first(self._best_of_kinds(starts))
        while True:
            design = best.options.design(best.chosen)
            others = self._best_of_kinds([(kind, design[1]) for kind in self._beside(design[0])])
            found = self._first([best, *others])
            if not self._is_better(found, best):
                return design
            best = found

    def _best_of_kinds(self, starts: Sequence[tuple[Mix, Point]]) -> list[_Place]:
        """Go from each of some designs to the best of its kind; from the first at least, as time may be up."""
        places = list[_Place]()
        for mix, point in starts:
            if places and self._clock.is_late():
                break
            places.append(self._best_of_kind(mix, point))
        return places

    def best_of_kind(self, mix: Mix, point: Point) -> tuple[Mix, Point]:
        """Go from a design to the best that is found among those with its stem, kind of attention, activation and norm."""
        place = self._best_of_kind(mix, point)
        return place.options.design(place.chosen)

    def as_good(self, mix: Mix, point: Point, least: float) -> tuple[tuple[Mix, Point], ...]:
        """Return designs that fit and whose pessimistic top-1 is ``least`` or more: of each mix that was met the best.

        A design's kind is looked through and those beside it, for each option of each stage by what goes best with it.
        """
        found: dict[Mix, tuple[float, Point]] = {}
        for kind in (mix, *self._beside(mix)):
            place = self._start(kind, point)
            designs = np.concatenate([[place.chosen], self._sums(place).with_each_option()])
            marks = self._mark(place.options.rows(designs))
            for at in np.flatnonzero(self._scorer.feasible(marks) & (marks.top1_low >= least)).tolist():
                own, where = place.options.design(designs[at].tolist())
                if own not in found or found[own][0] < marks.top1_low[at]:
                    found[own] = float(marks.top1_low[at]), where
        return tuple((own, where) for own, (_, where) in found.items())

    def _beside(self, mix: Mix) -> Iterator[Mix]:
        """Yield the mixes of other kinds that differ in one choice of the whole design."""
        for name in _CHOICES:
            for one in getattr(self._space, f"{name}s"):
                if one != getattr(mix, name):
                    yield replace(mix, **{name: one})

    def _start(self, mix: Mix, point: Point) -> _Place:
        options = options_of(self._space, mix, self._scorer.table)
        return self._best(mix, options, np.array([options.find(mix, point)]))

    def _best_of_kind(self, mix: Mix, point: Point) -> _Place:
        """Go from a design to the best that is found among those of its kind."""
        here = self._start(mix, point)
        for _ in range(ROUNDS):
            found = self._best(here.kind, here.options, self._sums(here).promising())
            if not self._is_better(found, here):
                break
            here = found
        return here

    def _sums(self, here: _Place) -> StageSums:
        key = here.kind, here.chosen
        if key not in self._known:
            self._known[key] = stage_sums(here.options, here.chosen, self._mark, self._scorer.used)
        return self._known[key]

    def _best(self, kind: Mix, options: Options, designs: Designs) -> _Place:
        """Return the best of some designs by quick marks."""
        best = designs[self._scorer.order(self._mark(options.rows(designs)))[0]]
        exact = self._scorer.mark(options.rows(best[None]), single=False)
        return _Place(kind, options, tuple(best.tolist()), exact)

    def _mark(self, rows: Floats) -> Marks:
        self.scored += len(rows)
        return self._scorer.mark(rows)

    def _first(self, places: Sequence[_Place]) -> _Place:
        return places[int(self._scorer.order(Marks.join([one.marks for one in places]))[0])]

    def _is_better(self, one: _Place, than: _Place) -> bool:
        """Tell whether a design is clearly better than another."""
        if all(self._scorer.feasible(place.marks)[0] for place in (one, than)):
            return bool(one.marks.top1_low[0] > than.marks.top1_low[0] + CLOSE)
        return self._first([than, one]) is one


def improved(
    spec: StudySpec,
    scorer: Scorer,
    done: Sequence[tuple[Mix, Swept]],
    presets: Mapping[str, Arch],
    across: Across,
) -> list[tuple[Mix, Swept]]:
    """Improve the best designs of swept mixes; the mix where that ends is swept from there.

    Parameters
    ----------
    done
        Mixes, with what their sweeps kept.
    presets
        Published designs that the space holds, by name.

    Returns
    -------
    list
        What sweeps from there kept: nothing where the best design stays, or where none fits.
    """
    found = list[tuple[Mix, Swept]]()
    while best := best_designs(spec.space, scorer, [*done, *found], STARTS):
        ends = across.improve(best)
        if ends in best:
            break
        (finished, _), *_ = sweep_mixes([(ends[0], (ends[1],))], scorer, spec, presets)
        found.append((ends[0], finished.swept))
        if tuple(finished.swept.points[0]) == ends[1]:
            break
    return found


def best_designs(
    space: Space, scorer: Scorer, done: Sequence[tuple[Mix, Swept]], most: int
) -> list[tuple[Mix, Point]]:
    """Return the best designs of swept mixes that fit, as mixes and points, the best first."""
    firsts = [(mix, tuple(swept.points[0])) for mix, swept in done]
    if not firsts:
        return []
    rows = [Grid(space, mix, scorer.table).rows(np.array([point])) for mix, point in firsts]
    marks = scorer.mark(np.concatenate(rows), single=False)
    order = scorer.order(marks)
    return [firsts[at] for at in order[scorer.feasible(marks)[order]][:most].tolist()]
