"""The designs of a space that share stem, kind of attention, activation, norm and warning signs, as what bounds read of their options."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.local import Lower
from dsim.accuracy.summary import FloatArray
from dsim.rounding import limit
from dsim.search.mix import Mix
from dsim.search.options import Options, options_of
from dsim.search.parts import by_signs
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
    times, down_times
        What they need of the budget at least, (N,) and (W before, W); all of it is 1.
    lower
        Of the accuracy model.
    """

    options: Options
    rows: tuple[FloatArray, ...]
    downs: tuple[FloatArray, ...]
    times: tuple[FloatArray, ...]
    down_times: tuple[FloatArray, ...]
    lower: Lower

    def widths(self, keep: tuple[NDArray[np.int64], ...]) -> list[NDArray[np.int64]]:
        """Return the numbers of the widths of some options of each stage."""
        return [stage.width[own] for stage, own in zip(self.options.stages, keep, strict=True)]


def rooms_of(
    space: Space, scorer: Scorer, sums: LeastSums, lower: Lower, known: Mix, row: FloatArray
) -> list[Room] | None:
    """Return all rooms of a space; None where nothing is known of what designs need.

    Parameters
    ----------
    known, row
        A mix of the space, and the joined row (F + S,) of a design, at which time is held as near as can be.
    """
    rooms = []
    there = scorer.table.cut(row).phi
    kinds = itertools.product(space.stems, space.attentions, space.activations, space.norms)
    for stem, attention, activation, norm in kinds:
        mix = replace(known, stem=stem, attention=attention, activation=activation, norm=norm)
        whole = options_of(space, mix, scorer.table)
        for held, holding in by_signs(whole, scorer.table, sums):
            if not all(one.any() for one in holding):
                continue
            beside = sums.needs_ms(there[None], there, held)
            if beside is None:
                return None
            if beside[1] < np.inf:  # else no budget is enough
                options = _sorted_by_width(whole, holding)
                rooms.append(_room(options, scorer, partial(_shares, scorer, sums, there, held), lower))
    return rooms


def _room(
    options: Options, scorer: Scorer, shares: Callable[[FloatArray], tuple[FloatArray, float]], lower: Lower
) -> Room:
    cut = scorer.table.cut
    times = [shares(stage.rows) for stage in options.stages]
    return Room(
        options,
        tuple(cut(stage.rows).summary for stage in options.stages),
        tuple(cut(down).summary for down in options.downs),
        # what designs need beside their pieces: each takes one option of the first stage
        (times[0][0] + times[0][1], *(own for own, _ in times[1:])),
        tuple(shares(down)[0] for down in options.downs),
        lower,
    )


def _shares(
    scorer: Scorer, sums: LeastSums, there: FloatArray, held: tuple[bool, ...], rows: FloatArray
) -> tuple[FloatArray, float]:
    """Return what joined rows (..., F + S) need of the budget, and what designs need beside them."""
    found = sums.needs_ms(scorer.table.cut(rows.reshape(-1, rows.shape[-1])).phi, there, held)
    assert found is not None
    budget_ms = limit(scorer.budget_ms)
    return found[0].reshape(rows.shape[:-1]) / budget_ms, found[1] / budget_ms


def _sorted_by_width(options: Options, holding: list[NDArray[np.bool_]]) -> Options:
    """Return some options of each stage, sorted by width."""
    taken = [stage.take(one) for stage, one in zip(options.stages, holding, strict=True)]
    orders = [np.argsort(one.width, kind="stable") for one in taken]
    by_width = [
        replace(one, mix=one.mix[order], at=one.at[order], rows=one.rows[order])
        for one, order in zip(taken, orders, strict=True)
    ]
    return replace(options, stages=tuple(by_width))
