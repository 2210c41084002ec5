"""The designs of a space as programmes, one for each set of warning signs that a design may hold: on these its chance to fit depends."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.search.limit_sums import amounts_of, limits_used, time_used, within_alone
from dsim.search.options import Options
from dsim.search.programme import Amounts, Programme
from dsim.search.score import Scorer
from dsim.search.sums import LeastSums, Score
from dsim.search.table import CostTable, Floats, Row

DRAWN = 64  # random designs on which features must add up as the model says
ADDS_UP = 1e-6


@dataclass(frozen=True)
class Part:
    """The designs of a space that hold some warning signs and no others.

    Attributes
    ----------
    options
        Those that hold no others.
    programme
        Without time.
    scorer, sums
        Of the search, and what designs need at least.
    signs
        Which warning signs (S,) the designs hold.
    """

    options: Options
    programme: Programme
    scorer: Scorer
    sums: LeastSums
    signs: tuple[bool, ...]

    def time(self, row: Floats) -> Amounts:
        """Return the budget that designs need at least, as shares of what there is; as near as can be at a design (F + S,)."""
        there = self.scorer.table.cut(row).phi
        return time_used(self.options, self.scorer, self.sums, there, self.signs)


def features_of(score: Score, table: CostTable, rows: Floats) -> Floats:
    """Return the features (N, P) of a score, for joined rows (N, F + S) of designs."""
    return score.features(table.cut(rows).summary)


@dataclass(frozen=True)
class Asking:
    """Turns the options of a space into programmes, one for each set of warning signs that designs may hold."""

    scorer: Scorer
    score: Score
    sums: LeastSums

    def parts(self, options: Options, chosen: tuple[int, ...]) -> list[Part] | None:
        """Return the parts of a space; None where the models do not add up as they say.

        ``chosen`` is a design that may be chosen.
        """
        table, accuracy = self.scorer.table, self.scorer.accuracy
        whole = options.rows(np.array([chosen]))
        if not accuracy.in_region(table.cut(whole).summary).all():
            return None
        base = self._plain(whole)[0]
        kept, x = [], []
        for stage, own in enumerate(options.stages):
            rows = options.around(chosen, stage)
            use = accuracy.in_region(table.cut(rows).summary) & within_alone(own.rows, table)
            kept.append(own.take(use))
            x.append(self._plain(rows[use]) - base)
        if not all(map(len, kept)):  # no design is within the limits
            return []
        options = replace(options, stages=tuple(kept))
        random = np.random.default_rng(0)
        drawn = np.stack([random.integers(0, len(one), DRAWN) for one in kept], axis=1)
        added = base + np.sum([change[drawn[:, n]] for n, change in enumerate(x)], axis=0)
        if np.abs(added - self._plain(options.rows(drawn))).max() > ADDS_UP:
            return None
        there = table.cut(whole[0]).phi
        found = []
        for signs, holding in by_signs(options, table, self.sums):
            needs = self.sums.needs_ms(there[None], there, signs)
            if needs is None:
                return None
            if needs[1] < np.inf and all(one.any() for one in holding):
                taken = [one.take(some) for one, some in zip(options.stages, holding, strict=True)]
                part = replace(options, stages=tuple(taken))
                changes = [change[some] for change, some in zip(x, holding, strict=True)]
                programme = self._programme(part, base, changes, signs)
                found.append(Part(part, programme, self.scorer, self.sums, signs))
        return found

    def _programme(
        self, options: Options, base: Floats, x: list[Floats], signs: tuple[bool, ...]
    ) -> Programme:
        table = self.scorer.table

        def amounts(of: Callable[[Row], Floats]) -> Amounts:
            return amounts_of(options, table, of)

        def column(one: Row, at: int) -> Floats:
            return one.summary[:, at]

        def holds(one: Row, at: int) -> Floats:
            return self.sums.signs(one.phi)[:, at].astype(np.float64)

        return Programme(
            tuple(one.width for one in options.stages),
            self.score,
            base,
            tuple(x),
            tuple(amounts(partial(column, at=log.column)) for log in self.score.logs),
            limits_used(options, table),
            tuple(amounts(partial(holds, at=int(at))) for at in np.flatnonzero(signs)),
        )

    def _plain(self, rows: Floats) -> Floats:
        """Return features (N, P) without those that are logarithms, which are 0."""
        x = features_of(self.score, self.scorer.table, rows)
        x[:, len(self.score.weights) - len(self.score.logs) :] = 0.0
        return x


def by_signs(
    options: Options, table: CostTable, sums: LeastSums
) -> Iterator[tuple[tuple[bool, ...], list[NDArray[np.bool_]]]]:
    """Yield sets of warning signs (S,), and which options (N,) of each stage hold no others."""
    signs = [sums.signs(table.cut(one.rows).phi) for one in options.stages]
    downs = [sums.signs(table.cut(one.reshape(-1, one.shape[-1])).phi) for one in options.downs]
    may = np.any([one.any(axis=0) for one in (*signs, *downs)], axis=0)
    must = np.any([one.all(axis=0) for one in (*signs, *downs)], axis=0)
    free = np.flatnonzero(may & ~must)
    for chosen in itertools.product((True, False), repeat=len(free)):
        held = must.copy()
        held[free] = chosen
        yield tuple(held.tolist()), [~(one & ~held).any(axis=1) for one in signs]
