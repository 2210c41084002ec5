"""Choices: which sub-networks a supernet holds, and how one is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dsim.arch import Activation, Arch, Block, Head, Mixer, Norm, Stem
from dsim.errors import InvalidValueError
from dsim.search.space import Space
from dsim.supernet.subnet import Slots, Subnet

# small enough to train on a processor in minutes; --space replaces any row
DEFAULT = Space(
    stems=(Stem.TWO_CONVS,),
    mixers=((Mixer.POOLING, Mixer.CONV3),) * 4,
    attentions=(Mixer.ATTENTION,),
    attention_blocks=((0, 1, 2), (1, 0, 2)),
    activations=(Activation.GELU,),
    norms=(Norm.BATCH,),
    widths=((32, 40, 48), (64, 80, 96), (128, 160, 192), (192, 256, 320)),
    depths=((1, 2, 3), (1, 2, 3), (2, 3, 4), (2, 3, 4)),
    mlp_ratios=((2.0, 3.0, 4.0),) * 4,
)


@dataclass(frozen=True)
class Choices:
    """A space, seen slot by slot.

    A stage has as many slots as its greatest depth. The last ones, as many as the most attention blocks, may hold
    attention; every slot may hold any mixer of the stage's row, or nothing.

    Raises
    ------
    InvalidValueError
        The space leaves open what a supernet fixes for all its sub-networks: stem, activation, norm, kind of attention.
    """

    space: Space

    def __post_init__(self) -> None:
        for name in ("stems", "attentions", "activations", "norms"):
            row = getattr(self.space, name)
            if len(row) != 1:
                raise InvalidValueError(
                    f"a supernet fixes one of {name}, got {', '.join(row)}; leave one in the space file"
                )

    @property
    def stem(self) -> Stem:
        """The stem of all sub-networks."""
        return self.space.stems[0]

    @property
    def head(self) -> Head:
        """The head of all sub-networks: V1's where any may end in 3D attention, else V2's."""
        tokens = self.space.attentions[0] is Mixer.ATTENTION and max(self.attention_counts(3)) > 0
        return Head(norm=Norm.LAYER if tokens else Norm.BATCH)

    def depth(self, stage: int) -> int:
        """Return the slots of stage 0, 1, 2 or 3."""
        return max(self.space.depths[stage])

    def attention_counts(self, stage: int) -> tuple[int, ...]:
        """Return how many attention blocks a stage may have."""
        counts = self.space.attention_blocks[stage - 2] if stage >= 2 else (0,)
        return tuple(count for count in counts if count <= self.depth(stage))

    def may_attend(self, stage: int, slot: int) -> bool:
        """Tell whether a slot may hold attention."""
        return slot >= self.depth(stage) - max(self.attention_counts(stage))

    def mixers(self, stage: int, slot: int) -> tuple[Mixer, ...]:
        """Return what a slot may hold."""
        attention = self.space.attentions if self.may_attend(stage, slot) else ()
        return (*self.space.mixers[stage], *attention)

    def block(self, mixer: Mixer, mlp_ratio: float) -> Block:
        """Make a block of this space."""
        norm = Norm.LAYER if mixer is Mixer.ATTENTION else self.space.norms[0]
        return Block(mixer, mlp_ratio, self.space.activations[0], norm)

    @cached_property
    def largest(self) -> Subnet:
        """Every width, depth, ratio and number of attention blocks at its greatest; the first mixer of each row."""
        return self._uniform(max)

    @cached_property
    def smallest(self) -> Subnet:
        """Every width, depth, ratio and number of attention blocks at its least; the first mixer of each row."""
        return self._uniform(min)

    def _uniform(self, pick: Any) -> Subnet:
        space = self.space
        slots = []
        for stage in range(4):
            depth, attention = pick(space.depths[stage]), pick(self.attention_counts(stage))
            ratio, attention = pick(space.mlp_ratios[stage]), min(attention, depth)
            slots.append(
                self.placed(stage, [space.mixers[stage][0]] * (depth - attention), attention, [ratio] * depth)
            )
        return Subnet(tuple(pick(row) for row in space.widths), tuple(slots))

    def placed(self, stage: int, mixers: list[Mixer], attention: int, ratios: list[float]) -> Slots:
        """Put blocks into the first slots, and attention into the last ones."""
        row: list[Block | None] = [None] * self.depth(stage)
        places = [*range(len(mixers)), *range(len(row) - attention, len(row))]
        kinds = [*mixers, *[self.space.attentions[0]] * attention]
        for place, mixer, ratio in zip(places, kinds, ratios, strict=True):
            row[place] = self.block(mixer, ratio)
        return tuple(row)

    def draw(self, rng: np.random.Generator) -> Subnet:
        """Draw a sub-network: widths and depths evenly, then which slots, and mixer and MLP ratio of each block."""
        space = self.space
        slots = []
        for stage in range(4):
            depth = int(rng.choice(space.depths[stage]))
            attention = int(rng.choice([n for n in self.attention_counts(stage) if n <= depth] or [0]))
            row: list[Block | None] = [None] * self.depth(stage)
            plain = len(row) - attention
            places = [*rng.choice(plain, depth - attention, replace=False).tolist(), *range(plain, len(row))]
            for place in places:
                row_of_mixers = space.mixers[stage] if place < plain else space.attentions
                mixer = row_of_mixers[int(rng.integers(len(row_of_mixers)))]
                row[place] = self.block(mixer, float(rng.choice(space.mlp_ratios[stage])))
            slots.append(tuple(row))
        return Subnet(tuple(int(rng.choice(row)) for row in space.widths), tuple(slots))

    def place(self, arch: Arch) -> Subnet:
        """Return the sub-network that a design stands for: blocks in the first slots, attention in the last.

        Raises
        ------
        InvalidValueError
            The design is not one of this space.
        """
        slots = []
        for stage, made in enumerate(arch.stages):
            attention = made.attention_blocks
            known = (
                made.depth <= self.depth(stage)
                and attention <= max(self.attention_counts(stage))
                and made.width <= max(self.space.widths[stage])
                and max(block.mlp_ratio for block in made.blocks) <= max(self.space.mlp_ratios[stage])
                and all(
                    block == self.block(block.mixer, block.mlp_ratio)
                    and block.mixer in (*self.space.mixers[stage], *self.space.attentions)
                    for block in made.blocks
                )
            )
            if not known:
                raise InvalidValueError(
                    f"a design must lie in the supernet's space, got {made.describe(stage, arch.map_size(stage))}; "
                    "train a supernet whose --space holds it"
                )
            mixers = [block.mixer for block in made.blocks[: made.depth - attention]]
            slots.append(self.placed(stage, mixers, attention, [block.mlp_ratio for block in made.blocks]))
        return Subnet(tuple(stage.width for stage in arch.stages), tuple(slots))
