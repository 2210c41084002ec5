"""The designs of a space as four choices, one of each stage: a design is the sum of their rows and of three downsamplers'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Mixer
from dsim.search.grid import Grid
from dsim.search.mix import Mix
from dsim.search.space import Space
from dsim.search.table import CostTable, Floats

Point = tuple[int, ...]


@dataclass(frozen=True)
class StageOptions:
    """What one stage may be.

    Attributes
    ----------
    mixes
        Mixes that have some mixer and some number of attention blocks in the stage.
    mix
        (N,) number of each option's mix.
    at
        (N, 3) indices of width, depth and MLP ratio in the grid of that mix.
    rows
        (N, F + S) joined rows; the first stage's hold the stem, the last one's the head.
    """

    mixes: tuple[Mix, ...]
    mix: NDArray[np.int64]
    at: NDArray[np.int64]
    rows: Floats

    @property
    def width(self) -> NDArray[np.int64]:
        """Index (N,) of each option's width."""
        return self.at[:, 0]

    def take(self, keep: NDArray[np.bool_]) -> StageOptions:
        """Return some of them."""
        return StageOptions(self.mixes, self.mix[keep], self.at[keep], self.rows[keep])

    def __len__(self) -> int:
        return len(self.mix)


@dataclass(frozen=True)
class Options:
    """All designs of a space that share stem, kind of attention, activation and norm.

    Attributes
    ----------
    space
        What may vary.
    stages
        What each stage may be.
    downs
        For stages 2 to 4, rows (W before, W, F + S) of the downsampler that leads to it.
    """

    space: Space
    stages: tuple[StageOptions, ...]
    downs: tuple[Floats, ...]

    def design(self, chosen: Sequence[int]) -> tuple[Mix, Point]:
        """Return the mix and the point of a design, for the number of its option in each stage."""
        own = [stage.mixes[stage.mix[n]] for stage, n in zip(self.stages, chosen, strict=True)]
        mix = replace(
            own[0],
            mixers=tuple(one.mixers[stage] for stage, one in enumerate(own)),
            attention_blocks=(own[2].attention_blocks[0], own[3].attention_blocks[1]),
        ).canonical(self.space)
        at = np.array([stage.at[n] for stage, n in zip(self.stages, chosen, strict=True)])
        return mix, tuple(at.T.reshape(-1).tolist())

    def find(self, mix: Mix, point: Point) -> tuple[int, ...]:
        """Return the number of a design's option in each stage, for its mix and point."""
        return tuple(
            next(
                int(n)
                for n in np.flatnonzero((stage.at == point[place::4]).all(axis=1))
                if stage.mixes[stage.mix[n]].mixers[place] == mix.mixers[place]
                and stage.mixes[stage.mix[n]].attention_in(place) == mix.attention_in(place)
            )
            for place, stage in enumerate(self.stages)
        )

    def around(self, chosen: Sequence[int], stage: int) -> Floats:
        """Return the joined rows (N, F + S) of whole designs: all options of a stage, the other stages as chosen."""
        own, widths = self.stages[stage], [one.width[n] for one, n in zip(self.stages, chosen, strict=True)]
        total = own.rows.copy()
        for other, (one, n) in enumerate(zip(self.stages, chosen, strict=True)):
            if other != stage:
                total += one.rows[n]
        for after, down in enumerate(self.downs, 1):
            before = own.width if after - 1 == stage else widths[after - 1]
            here = own.width if after == stage else widths[after]
            total += down[before, here]
        return total

    def rows(self, chosen: NDArray[np.int64]) -> Floats:
        """Return the joined rows (N, F + S) of designs, for the numbers (N, 4) of their options.

        What a part holds at once stands in a column of its place (`dsim.search.amounts`), so that sums leave peaks as they are.
        """
        own = [stage.rows[chosen[:, n]] for n, stage in enumerate(self.stages)]
        widths = [stage.width[chosen[:, n]] for n, stage in enumerate(self.stages)]
        for after, down in enumerate(self.downs, 1):
            own.append(down[widths[after - 1], widths[after]])
        return np.asarray(np.sum(own, axis=0))


def options_of(space: Space, mix: Mix, table: CostTable) -> Options:
    """Return the options of all designs that share a mix's stem, kind of attention, activation and norm.

    Parameters
    ----------
    mix
        One that holds designs.
    """
    grid = Grid(space, mix, table)
    stages = []
    for stage in range(4):
        counts = space.attention_blocks[stage - 2] if stage >= 2 else (0,)
        mixes, numbers, at, rows = list[Mix](), [], [], []
        for mixer in space.mixers[stage]:
            for count in counts:
                own = Grid(space, _with(mix, stage, mixer, count), table)
                if own.is_empty:
                    continue
                prices = own.stages[stage]
                where = np.indices(prices.shape[:3]).reshape(3, -1).T
                numbers.append(np.full(len(where), len(mixes)))
                mixes.append(own.mix)
                at.append(where)
                rows.append(prices.reshape(len(where), -1))
        stages.append(
            StageOptions(tuple(mixes), np.concatenate(numbers), np.concatenate(at), np.concatenate(rows))
        )
    return Options(space, tuple(stages), tuple(grid.downs[1:]))


def _with(mix: Mix, stage: int, mixer: Mixer, count: int) -> Mix:
    """Return a mix with another mixer and another number of attention blocks in one stage."""
    mixers = tuple(mixer if n == stage else one for n, one in enumerate(mix.mixers))
    third, fourth = (count if n == stage else one for n, one in enumerate(mix.attention_blocks, 2))
    return replace(mix, mixers=mixers, attention_blocks=(third, fourth))
