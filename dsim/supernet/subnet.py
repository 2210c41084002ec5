"""Subnet: one sub-network of a supernet, as widths and as what stands in each slot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dsim.arch import Arch, Block, Downsample, Head, Mixer, Norm, Stage, Stem
from dsim.arch.choices import Activation
from dsim.errors import InvalidValueError

Slots = tuple[Block | None, ...]
STAGES = 4
_WORD = re.compile(r"([a-z_0-9]+)\*([0-9.]+)")


@dataclass(frozen=True)
class Subnet:
    """A choice for every slot.

    An `Arch` says which blocks a design has; a subnet also says in which slots of the supernet they stand, because each
    slot has weights of its own.

    Attributes
    ----------
    widths
        Channels of the four stages.
    slots
        For each stage, a block or None (nothing: the input passes) in each slot. 3D attention stands behind all else.

    Raises
    ------
    InvalidValueError
        There are not four stages, or one has no block at all.
    """

    widths: tuple[int, ...]
    slots: tuple[Slots, ...]

    def __post_init__(self) -> None:
        if len(self.widths) != STAGES or len(self.slots) != STAGES:
            raise InvalidValueError(
                f"a sub-network has {STAGES} stages, got {len(self.widths)} widths and {len(self.slots)} rows; give four"
            )
        for number, slots in enumerate(self.slots, 1):
            if not any(slots):
                raise InvalidValueError(f"stage {number} must keep at least one block, got none; leave one")

    def blocks(self, stage: int) -> tuple[Block, ...]:
        """Return the blocks of stage 0, 1, 2 or 3, without the empty slots."""
        return tuple(block for block in self.slots[stage] if block is not None)

    def with_slot(self, stage: int, slot: int, block: Block | None) -> Subnet:
        """Return a copy with another choice in one slot."""
        row = self.slots[stage]
        changed = (*row[:slot], block, *row[slot + 1 :])
        return replace(self, slots=(*self.slots[:stage], changed, *self.slots[stage + 1 :]))

    def with_width(self, stage: int, width: int) -> Subnet:
        """Return a copy with another width in one stage."""
        return replace(self, widths=(*self.widths[:stage], width, *self.widths[stage + 1 :]))

    def arch(self, stem: Stem, head: Head, resolution: int, num_classes: int) -> Arch:
        """Return the design."""
        stages = tuple(
            Stage(self.widths[i], self.blocks(i), Downsample.CONV_NORM if i else Downsample.NONE)
            for i in range(4)
        )
        activation = Activation.RELU if stem is Stem.TWO_CONVS else None
        return Arch(stages, stem, activation, head, resolution, num_classes)

    def text(self) -> str:
        """Return one line that `parse_subnet` reads: ``48: pooling*4 - attention*3 | 96: ...``."""
        return " | ".join(
            f"{width}: {' '.join('-' if b is None else f'{b.mixer}*{b.mlp_ratio:g}' for b in slots)}"
            for width, slots in zip(self.widths, self.slots, strict=True)
        )


def parse_subnet(text: str, like: Subnet) -> Subnet:
    """Read what `Subnet.text` wrote.

    Parameters
    ----------
    like
        A subnet of the same supernet: activation, norm and layer scale are those of its blocks.

    Raises
    ------
    InvalidValueError
        The text is something else.
    """
    example = next(block for block in like.slots[0] if block is not None)
    stages = [stage.partition(":") for stage in text.split("|")]
    words = [row.split() for _, _, row in stages]
    if [len(row) for row in words] != [len(row) for row in like.slots] or not all(
        w.strip().isdigit() for w, _, _ in stages
    ):
        raise InvalidValueError(
            f"a sub-network must read like {like.text()!r}, got {text[:120]!r}; correct it"
        )

    def block(word: str) -> Block | None:
        match = _WORD.fullmatch(word)
        if word == "-":
            return None
        if match is None:
            raise InvalidValueError(f"a slot must read like pooling*4 or -, got {word[:40]!r}; correct it")
        return block_of(Mixer(match[1]), float(match[2]), example)

    return Subnet(tuple(int(width) for width, _, _ in stages), tuple(tuple(map(block, row)) for row in words))


def block_of(mixer: Mixer, mlp_ratio: float, like: Block) -> Block:
    """Return a block with the activation and norm of another; 3D attention always has layer norm."""
    norm = like.norm if like.mixer is not Mixer.ATTENTION else Norm.BATCH
    return replace(
        like, mixer=mixer, mlp_ratio=mlp_ratio, norm=Norm.LAYER if mixer is Mixer.ATTENTION else norm
    )
