"""A stage as a file holds it: equal neighbours among its blocks once, with a count, so that a person can read and edit it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from dsim.arch.block import Block
from dsim.arch.checks import whole
from dsim.arch.choices import Activation, Downsample, Mixer, Norm

MAX_DEPTH = 64  # blocks of a stage


@dataclass(frozen=True, slots=True)
class BlockRun:
    """A number of equal blocks; see `Block` for what each field means.

    Raises
    ------
    InvalidValueError
        The count is out of its range, or no block has such values.
    """

    count: int
    mixer: Mixer
    mlp_ratio: float
    activation: Activation
    norm: Norm
    layer_scale: float | None

    def __post_init__(self) -> None:
        whole("count", self.count, 1, MAX_DEPTH)
        self.block()

    def block(self) -> Block:
        """Return one of the blocks."""
        return Block(self.mixer, self.mlp_ratio, self.activation, self.norm, self.layer_scale)


@dataclass(frozen=True, slots=True)
class StageForm:
    """A stage as files hold it; see `Stage`."""

    width: int
    downsample: Downsample
    blocks: tuple[BlockRun, ...]


def runs_of(blocks: Iterable[Block]) -> tuple[BlockRun, ...]:
    """Return blocks in order, equal neighbours together."""
    runs = ((one, len(list(same))) for one, same in itertools.groupby(blocks))
    return tuple(
        BlockRun(count, one.mixer, one.mlp_ratio, one.activation, one.norm, one.layer_scale)
        for one, count in runs
    )
