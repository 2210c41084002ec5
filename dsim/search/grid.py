"""Grid: every width, depth and MLP ratio that a mix may have, priced as arrays.

A point is twelve indices: widths, depths and ratios of four stages. Its row is

    stem[w1] + head[w4] + sum over stages of (down[w before, w] + first block + further blocks + attention blocks)

where each term is a small array of pieces' prices; all blocks of a stage are added up beforehand.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch, Stage
from dsim.arch.lower import block_parts, head_part, map_size, stem_part, transition_part
from dsim.search.mix import Mix
from dsim.search.space import Space
from dsim.search.table import LEARNED_CLASSES, CostTable, Floats, Placed

Points = NDArray[np.int64]  # (N, 12): indices into widths 1-4, depths 1-4, ratios 1-4
AXES = 12


@dataclass(frozen=True)
class _Stage:
    """Joined rows of one stage's blocks, (W, R, F + S) each; what a stage may lack is zero."""

    first: Floats
    other: Floats
    attention: Floats  # all its attention blocks together: the mix says how many


def depths_of(space: Space, mix: Mix) -> tuple[tuple[int, ...], ...]:
    """Return the depths of each stage that leave a mix its own designs.

    A stage of attention blocks alone belongs to the mix with the first mixer of the row, so that no design is made twice.
    """

    def of_stage(stage: int) -> tuple[int, ...]:
        attention = mix.attention_in(stage)
        first = mix.mixers[stage] == space.mixers[stage][0]
        return tuple(d for d in space.depths[stage] if d > attention or (first and d == attention))

    return tuple(of_stage(stage) for stage in range(4))


def sizes_of(space: Space, mix: Mix) -> tuple[int, ...]:
    """Return the number of choices on each of the twelve axes of a mix's grid."""
    return tuple(len(row) for row in (*space.widths, *depths_of(space, mix), *space.mlp_ratios))


class Grid:
    """All points of one mix.

    Parameters
    ----------
    space, mix
        What may vary, and the mix that does not.
    table
        Where rows come from.

    Attributes
    ----------
    stages, downs
        Joined rows of each stage with all its blocks (W, D, R, F + S), stem and head in the first and the last; and of the
        downsampler that leads to each (W before, W, F + S), none to the first. Missing where the grid is empty.
    """

    def __init__(self, space: Space, mix: Mix, table: CostTable) -> None:
        self.space = space
        self.mix = mix
        self.depths = depths_of(space, mix)
        self._table = table
        if not self.is_empty:
            self._price()

    @property
    def is_empty(self) -> bool:
        """True where no depth has room for the attention blocks."""
        return not all(self.depths)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices on each of the twelve axes."""
        return sizes_of(self.space, self.mix)

    @property
    def size(self) -> int:
        """Number of points."""
        return int(np.prod([float(n) for n in self.sizes]))

    def values(self, point: Sequence[int]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[float, ...]]:
        """Return widths, depths and MLP ratios of a point."""
        widths = tuple(row[i] for row, i in zip(self.space.widths, point[:4], strict=True))
        depths = tuple(row[i] for row, i in zip(self.depths, point[4:8], strict=True))
        ratios = tuple(row[i] for row, i in zip(self.space.mlp_ratios, point[8:], strict=True))
        return widths, depths, ratios

    def words(self, point: Sequence[int]) -> str:
        """Say what the design of a point is beside its mix."""
        named = zip(("widths", "depths", "MLP ratios"), self.values(point), strict=True)
        return ", ".join(f"{name} {'-'.join(f'{one:g}' for one in row)}" for name, row in named)

    def arch(self, point: Sequence[int]) -> Arch:
        """Make the design of a point."""
        return self.mix.arch(*self.values(point), self.space.resolution)

    def locate(self, arch: Arch) -> tuple[int, ...] | None:
        """Return the point of a design, or None where it is not one of this grid's."""
        stages = arch.stages
        widths = tuple(stage.width for stage in stages)
        depths = tuple(stage.depth for stage in stages)
        ratios = tuple(stage.blocks[0].mlp_ratio for stage in stages)
        rows = (*self.space.widths, *self.depths, *self.space.mlp_ratios)
        values = (*widths, *depths, *ratios)
        if any(value not in row for value, row in zip(values, rows, strict=True)):
            return None
        point = tuple(row.index(value) for value, row in zip(values, rows, strict=True))
        return point if self.arch(point) == arch else None

    def all_points(self) -> Points:
        """Return every point, in order."""
        return np.indices(self.sizes).reshape(AXES, -1).T.astype(np.int64)

    def codes(self, points: Points) -> NDArray[np.int64]:
        """Return one integer per point: equal for equal points."""
        return np.asarray(np.ravel_multi_index(tuple(points.T), self.sizes), dtype=np.int64)

    # ---- prices -----------------------------------------------------------------------------------------------

    def _price(self) -> None:
        """Fill the arrays; those that another mix of the same space has filled are taken from the table."""
        mix, widths = self.mix, self.space.widths
        kind = (mix.activation, mix.norm, self.space.resolution)
        stem, head = ("stem", mix.stem, widths[0], *kind), ("head", mix.ends_in_tokens(3), widths[3], *kind)
        self._stem = self._table.shared(stem, partial(self._price_stem, stem))
        self._head = self._table.shared(head, partial(self._price_head, head))
        self.downs = [self._stem[:0]]  # none leads to the first
        for stage in (1, 2, 3):
            key = ("down", stage, widths[stage - 1 : stage + 1], *kind)
            self.downs.append(self._table.shared(key, partial(self._price_down, key, stage)))
        self.stages = [self._whole_stage(stage, kind) for stage in range(4)]

    def _rows_of(self, key: Hashable, make: Callable[[int], Placed]) -> list[Floats]:
        return self._table.rows_of(key, self.space.resolution, make)

    def _small(self, stage: int, width: int) -> Stage:
        """Return a stage with the attention blocks of the mix and as little beside them as can be."""
        return self.mix.stage(
            stage, width, max(self.mix.attention_in(stage), 1), self.space.mlp_ratios[stage][0]
        )

    def _price_stem(self, key: Hashable) -> Floats:
        def row(width: int) -> Floats:
            mix = self.mix
            return self._rows_of(
                (key, width), lambda side: [("stem", stem_part(mix.stem, mix.stem_activation, width, side))]
            )[0]

        return np.stack([row(width) for width in self.space.widths[0]])

    def _price_head(self, key: Hashable) -> Floats:
        def row(width: int) -> Floats:
            def make(side: int) -> Placed:
                part = head_part(self.mix.head, self._small(3, width), map_size(side, 3), LEARNED_CLASSES)
                return [("head", part)]

            return self._rows_of((key, width), make)[0]

        return np.stack([row(width) for width in self.space.widths[3]])

    def _price_down(self, key: Hashable, stage: int) -> Floats:
        befores, heres = self.space.widths[stage - 1], self.space.widths[stage]

        def row(before: int, here: int) -> Floats:
            def make(side: int) -> Placed:
                part = transition_part(self._small(stage, here), before, map_size(side, stage - 1))
                assert part is not None
                return [(f"stages.{stage}.downsample", part)]

            return self._rows_of((key, before, here), make)[0]

        rows = [row(before, here) for before, here in itertools.product(befores, heres)]
        return np.stack(rows).reshape(len(befores), len(heres), -1)

    def _stage_rows(self, stage: int, kind: tuple[Hashable, ...]) -> _Stage:
        mix, widths, ratios = self.mix, self.space.widths[stage], self.space.mlp_ratios[stage]
        count = mix.attention_in(stage)
        nothing = np.zeros((len(widths), len(ratios), self._stem.shape[1]))
        first, other, attend = nothing, nothing, nothing
        if max(self.depths[stage]) > count:  # what follows does not matter for the blocks before attention
            key = ("convs", stage, mix.mixers[stage], widths, ratios, *kind)
            first, other = self._table.shared(key, partial(self._price_convs, key, stage))
        if count:
            key = ("attention", stage, mix.attention, count, widths, ratios, *kind)
            attend = self._table.shared(key, partial(self._price_attention, key, stage))
        return _Stage(first, other, attend)

    def _price_convs(self, key: Hashable, stage: int) -> Floats:
        """Return (2, W, R, F + S): the first block before attention, and a further one."""
        found = self._blocks(key, stage, slice(0, 2))
        return np.moveaxis(np.array(found), 1, 0).reshape(2, *self._cells(stage), -1)

    def _price_attention(self, key: Hashable, stage: int) -> Floats:
        """Return (W, R, F + S) of all attention blocks."""
        found = [self._table.together(rows) for rows in self._blocks(key, stage, slice(2, None))]
        return np.array(found).reshape(*self._cells(stage), -1)

    def _cells(self, stage: int) -> tuple[int, int]:
        return len(self.space.widths[stage]), len(self.space.mlp_ratios[stage])

    def _blocks(self, key: Hashable, stage: int, which: slice) -> list[list[Floats]]:
        """Return rows (F + S,) of some blocks of a stage that begins with two before attention, for each width and MLP ratio."""
        depth = self.mix.attention_in(stage) + 2

        def rows(width: int, ratio: float) -> list[Floats]:
            def make(side: int) -> Placed:
                parts = block_parts(self.mix.stage(stage, width, depth, ratio), stage, map_size(side, stage))
                return [(f"stages.{stage}.blocks.{at}", parts[at]) for at in range(depth)[which]]

            return self._rows_of((key, width, ratio), make)

        cells = itertools.product(self.space.widths[stage], self.space.mlp_ratios[stage])
        return [rows(width, ratio) for width, ratio in cells]

    def rows(self, points: Points) -> Floats:
        """Return the joined rows (N, F + S) of points."""
        total: Floats = self.stages[0][points[:, 0], points[:, 4], points[:, 8]]
        for stage in (1, 2, 3):
            w = points[:, stage]
            total += self.downs[stage][points[:, stage - 1], w]
            total += self.stages[stage][w, points[:, 4 + stage], points[:, 8 + stage]]
        return total

    def _whole_stage(self, stage: int, kind: tuple[Hashable, ...]) -> Floats:
        """Return rows (W, D, R, F + S) of a stage with all its blocks; stem and head are in the first and the last."""
        mix, depths = self.mix, self.depths[stage]
        around = (mix.stem if stage == 0 else None, mix.ends_in_tokens(3) if stage == 3 else None)
        count = mix.attention_in(stage)
        key = (stage, mix.mixers[stage], mix.attention if count else None, count, depths, *around)
        rows = (self.space.widths[stage], self.space.mlp_ratios[stage])

        def add_up() -> Floats:
            prices = self._stage_rows(stage, kind)
            convs = (np.array(depths) - count)[None, :, None, None]
            first, other = prices.first[:, None], prices.other[:, None]
            blocks = np.where(convs > 0, first + (convs - 1) * other, 0.0) + prices.attention[:, None]
            if self._table.ceiling is not None:
                runs = (first * (convs > 0), other * (convs > 1), prices.attention[:, None])
                blocks = self._table.at_once(blocks, np.broadcast_arrays(*runs))
            ends = {0: self._stem, 3: self._head}
            return blocks + ends[stage][:, None, None] if stage in ends else np.asarray(blocks)

        return self._table.shared(("stage", *key, *rows, *kind), add_up)
