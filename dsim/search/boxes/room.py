"""The designs of a space that share stem, kind of attention, activation, norm and warning signs, as what bounds read of their options."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.local import Lower
from dsim.accuracy.summary import FloatArray
from dsim.search.limit_sums import limits_used, time_used, within_alone
from dsim.search.mix import Mix
from dsim.search.options import Options, options_of
from dsim.search.parts import by_signs
from dsim.search.programme import Amounts
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.sums import LeastSums


@dataclass(frozen=True)
class Room:
    """Some designs.

    Attributes
    ----------
    options
        Of each stage, sorted by width.
    rows, downs
        Summaries (N, S) of each stage's options, and (W before, W, S) of downsamplers.
    uses
        Shares of what a design may use 1 of: of the budget what it needs at least, then of each limit that adds up.
    lower
        Of the accuracy model, for those of the designs that ask one of its questions.
    """

    options: Options
    rows: tuple[FloatArray, ...]
    downs: tuple[FloatArray, ...]
    uses: tuple[Amounts, ...]
    lower: Lower

    def widths(self, keep: tuple[NDArray[np.int64], ...]) -> list[NDArray[np.int64]]:
        """Return the numbers of the widths of some options of each stage."""
        return [stage.width[own] for stage, own in zip(self.options.stages, keep, strict=True)]


def rooms_of(
    space: Space, scorer: Scorer, sums: LeastSums, bounds: Sequence[Lower], known: Mix, row: FloatArray
) -> list[Room] | None:
    """Return all rooms of a space, each once for every question; None where nothing is known of what designs need.

    Parameters
    ----------
    bounds
        Of the accuracy model, one for each question that designs may ask.
    known, row
        A mix of the space, and the joined row (F + S,) of a design, at which time is held as near as can be.
    """
    rooms = []
    there = scorer.table.cut(row).phi
    kinds = itertools.product(space.stems, space.attentions, space.activations, space.norms)
    for stem, attention, activation, norm in kinds:
        mix = replace(known, stem=stem, attention=attention, activation=activation, norm=norm)
        whole = options_of(space, mix, scorer.table)
        alone = [within_alone(stage.rows, scorer.table) for stage in whole.stages]
        for held, may in by_signs(whole, scorer.table, sums):
            holding = [one & other for one, other in zip(may, alone, strict=True)]
            if not all(one.any() for one in holding):
                continue
            beside = sums.needs_ms(there[None], there, held)
            if beside is None:
                return None
            if beside[1] < np.inf:  # else no budget is enough
                options = _sorted_by_width(whole, holding)
                cut = scorer.table.cut
                rows = tuple(cut(stage.rows).summary for stage in options.stages)
                downs = tuple(cut(down).summary for down in options.downs)
                uses = (
                    time_used(options, scorer, sums, there, held),
                    *limits_used(options, scorer.table),
                )
                rooms += [Room(options, rows, downs, uses, lower) for lower in bounds]
    return rooms


def _sorted_by_width(options: Options, holding: list[NDArray[np.bool_]]) -> Options:
    """Return some options of each stage, sorted by width."""
    taken = [stage.take(one) for stage, one in zip(options.stages, holding, strict=True)]
    orders = [np.argsort(one.width, kind="stable") for one in taken]
    by_width = [
        replace(one, mix=one.mix[order], at=one.at[order], rows=one.rows[order])
        for one, order in zip(taken, orders, strict=True)
    ]
    return replace(options, stages=tuple(by_width))
