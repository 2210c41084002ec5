"""Grid: every width, depth and MLP ratio that a mix may have, priced as arrays.

A point is twelve indices: widths, depths and ratios of four stages. Its row is

    stem[w1] + head[w4] + sum over stages of (down[w before, w] + first block + further blocks + attention blocks)

where each term is a small array that a few probe designs fill; all blocks of a stage are added up beforehand.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch
from dsim.search.mix import Mix
from dsim.search.space import Space
from dsim.search.table import CostTable, Floats

Points = NDArray[np.int64]  # (N, 12): indices into widths 1-4, depths 1-4, ratios 1-4
AXES = 12
Probe = dict[str, Floats]  # joined row of each piece, by its place in the design


@dataclass(frozen=True)
class _Stage:
    """Joined rows of one stage's blocks, (W, R, F + S) each; what a stage may lack is zero."""

    first: Floats
    other: Floats
    attention: Floats  # all its attention blocks together: the mix says how many


class Grid:
    """All points of one mix.

    Parameters
    ----------
    space, mix
        What may vary, and the mix that does not.
    table
        Where rows come from.
    """

    def __init__(self, space: Space, mix: Mix, table: CostTable) -> None:
        self.space = space
        self.mix = mix
        self.depths = tuple(self._depths(stage) for stage in range(4))
        self._table = table
        if not self.is_empty:
            self._price()

    def _depths(self, stage: int) -> tuple[int, ...]:
        """Depths that leave this mix its own designs: a stage of attention blocks alone belongs to another mix.

        Such a stage belongs to the mix with the first mixer of the row, so that no design is made twice.
        """
        attention = self.mix.attention_in(stage)
        first = self.mix.mixers[stage] == self.space.mixers[stage][0]
        return tuple(d for d in self.space.depths[stage] if d > attention or (first and d == attention))

    @property
    def is_empty(self) -> bool:
        """True where no depth has room for the attention blocks."""
        return not all(self.depths)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of choices on each of the twelve axes."""
        rows = (*self.space.widths, *self.depths, *self.space.mlp_ratios)
        return tuple(len(row) for row in rows)

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
        self._down = [self._stem[:0]]
        for stage in (1, 2, 3):
            key = ("down", stage, mix.ends_in_tokens(stage - 1), widths[stage - 1 : stage + 1], *kind)
            self._down.append(self._table.shared(key, partial(self._price_down, key, stage)))
        self._stages = [self._whole_stage(stage, kind) for stage in range(4)]

    def _probe(
        self,
        key: Hashable,
        stage: int,
        width: int,
        before: int | None = None,
        convs: int = 0,
        ratio: float = 0.0,
    ) -> Probe:
        """Price one small design that holds what is asked for; everything else in it is as small as it can be.

        ``key`` is that of the array which is filled: mixes that share it differ in no piece that is read of the design.
        """

        def make() -> Arch:
            return self._small(stage, width, before, convs, ratio)

        return self._table.pieces_of((key, width, before, ratio), make)

    def _small(self, stage: int, width: int, before: int | None, convs: int, ratio: float) -> Arch:
        widths = [row[0] for row in self.space.widths]
        depths = [max(self.mix.attention_in(i), 1) for i in range(4)]
        ratios = [row[0] for row in self.space.mlp_ratios]
        widths[stage] = width
        if before is not None:
            widths[stage - 1] = before
        if convs:
            depths[stage] = self.mix.attention_in(stage) + convs
        if ratio:
            ratios[stage] = ratio
        return self.mix.arch(widths, depths, ratios, self.space.resolution)

    def _price_stem(self, key: Hashable) -> Floats:
        return np.stack([self._probe(key, 0, width)["stem"] for width in self.space.widths[0]])

    def _price_head(self, key: Hashable) -> Floats:
        return np.stack([self._probe(key, 3, width)["head"] for width in self.space.widths[3]])

    def _price_down(self, key: Hashable, stage: int) -> Floats:
        befores, heres = self.space.widths[stage - 1], self.space.widths[stage]
        rows = [
            self._probe(key, stage, here, before)[f"stages.{stage}.downsample"]
            for before, here in itertools.product(befores, heres)
        ]
        return np.stack(rows).reshape(len(befores), len(heres), -1)

    def _stage_rows(self, stage: int, kind: tuple[Hashable, ...]) -> _Stage:
        mix, widths, ratios = self.mix, self.space.widths[stage], self.space.mlp_ratios[stage]
        count = mix.attention_in(stage)
        attention = mix.attention if count else None
        tokens = stage > 0 and mix.ends_in_tokens(stage - 1)
        nothing = np.zeros((len(widths), len(ratios), self._stem.shape[1]))
        first, other, attend = nothing, nothing, nothing
        if (
            max(self.depths[stage]) > count
        ):  # how many blocks of attention follow does not matter for those before
            key = ("convs", stage, mix.mixers[stage], attention, tokens, widths, ratios, *kind)
            first, other = self._table.shared(key, partial(self._price_convs, key, stage))
        if count:
            key = ("attention", stage, attention, count, tokens, widths, ratios, *kind)
            attend = self._table.shared(key, partial(self._price_attention, key, stage))
        return _Stage(first, other, attend)

    def _price_convs(self, key: Hashable, stage: int) -> Floats:
        """Return (2, W, R, F + S): the first block before attention, and a further one."""
        return np.stack(self._price_blocks(key, stage, slice(0, 1), slice(1, 2)))

    def _price_attention(self, key: Hashable, stage: int) -> Floats:
        """Return (W, R, F + S) of all attention blocks."""
        return self._price_blocks(key, stage, slice(2, None))[0]

    def _price_blocks(self, key: Hashable, stage: int, *which: slice) -> list[Floats]:
        """Return sums (W, R, F + S) of some blocks of a stage that begins with two blocks before attention."""
        widths, ratios = self.space.widths[stage], self.space.mlp_ratios[stage]
        cells = []
        for width, ratio in itertools.product(widths, ratios):
            pieces = self._probe(key, stage, width, convs=2, ratio=ratio)
            blocks = [row for scope, row in pieces.items() if scope.startswith(f"stages.{stage}.blocks.")]
            cells.append([self._table.together([np.zeros_like(blocks[0]), *blocks[some]]) for some in which])
        rows = np.array(cells).reshape(len(widths), len(ratios), len(which), -1)
        return list(np.moveaxis(rows, 2, 0))

    def rows(self, points: Points) -> Floats:
        """Return the joined rows (N, F + S) of points."""
        total: Floats = self._stages[0][points[:, 0], points[:, 4], points[:, 8]]
        for stage in (1, 2, 3):
            w = points[:, stage]
            total += self._down[stage][points[:, stage - 1], w]
            total += self._stages[stage][w, points[:, 4 + stage], points[:, 8 + stage]]
        return total

    def _whole_stage(self, stage: int, kind: tuple[Hashable, ...]) -> Floats:
        """Return rows (W, D, R, F + S) of a stage with all its blocks; stem and head are in the first and the last."""
        mix, depths = self.mix, self.depths[stage]
        around = (mix.stem if stage == 0 else None, mix.ends_in_tokens(3) if stage == 3 else None)
        count = mix.attention_in(stage)
        tokens = stage > 0 and mix.ends_in_tokens(stage - 1)
        key = (stage, mix.mixers[stage], mix.attention if count else None, count, tokens, depths, *around)
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
