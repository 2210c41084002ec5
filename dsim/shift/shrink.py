"""Shrink a design until it fits: the same choices, no stage wider, deeper or with a larger MLP than before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np

from dsim.arch import Arch
from dsim.rounding import limit
from dsim.search.explore import EXHAUSTIVE, explore
from dsim.search.grid import Grid
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.shift.parts import Parts

_Size = TypeVar("_Size", int, float)


def fits(arch: Arch, scorer: Scorer) -> bool:
    """Return whether the budget that a design needs is within the scorer's."""
    return bool(scorer.score(scorer.table.whole(arch)[None]).needs_ms[0] <= limit(scorer.budget_ms))


def shrink(arch: Arch, space: Space, scorer: Scorer, seed: int = 0) -> Arch | None:
    """Return the best design with the same choices that fits the budget, or None where none does.

    The choices are stem, mixers, kind and number of attention blocks, activation and norm. A design that fits as it is
    stays as it is. Else the widths, depths and MLP ratios of the space that are not above the design's own, stage by
    stage, are searched as a study searches one mix, for the highest pessimistic top-1.
    """
    if fits(arch, scorer):
        return arch
    parts = Parts.of(arch)
    grid = Grid(smaller(space, parts), parts.mix, scorer.table)
    if grid.is_empty:
        return None
    largest = [size - 1 for size in grid.sizes]
    # ends of the axes are always scored; the largest first, for what fits barely is near it
    found = explore(grid, scorer, seed, [largest], EXHAUSTIVE)
    feasible = bool(scorer.feasible(found.best)[0])
    return grid.arch(np.asarray(found.points[0]).tolist()) if feasible else None


def smaller(space: Space, parts: Parts) -> Space:
    """Return the space of all designs with the same choices that are nowhere larger."""
    mix = parts.mix
    return replace(
        space,
        stems=(mix.stem,),
        mixers=tuple((mixer,) for mixer in mix.mixers),
        attentions=(mix.attention,),
        attention_blocks=tuple((count,) for count in mix.attention_blocks),
        activations=(mix.activation,),
        norms=(mix.norm,),
        widths=tuple(_upto(row, most) for row, most in zip(space.widths, parts.widths, strict=True)),
        depths=tuple(_upto(row, most) for row, most in zip(space.depths, parts.depths, strict=True)),
        mlp_ratios=tuple(
            _upto(row, most) for row, most in zip(space.mlp_ratios, parts.mlp_ratios, strict=True)
        ),
    )


def _upto(row: Sequence[_Size], most: _Size) -> tuple[_Size, ...]:
    return tuple(sorted({value for value in row if value < most} | {most}))
