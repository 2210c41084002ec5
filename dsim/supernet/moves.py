"""Moves: every way to make a sub-network cheaper by one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dsim.supernet.choices import Choices
from dsim.supernet.subnet import Subnet, block_of


@dataclass(frozen=True)
class Move:
    """One change.

    Attributes
    ----------
    kind
        ``drop``, ``narrow``, ``mlp`` or ``exchange``.
    stage
        0 to 3.
    words
        What it does, for people.
    subnet
        What is left.
    """

    kind: str
    stage: int
    words: str
    subnet: Subnet


def single_moves(choices: Choices, subnet: Subnet) -> Iterator[Move]:
    """Yield every single move: drop a block, narrow a stage, lower an MLP ratio, exchange attention for a convolution.

    Attention is exchanged from the first of a stage on, so that attention stays behind all else, and for the first mixer
    of the stage's row.
    """
    space = choices.space
    for stage in range(4):
        slots, width = subnet.slots[stage], subnet.widths[stage]
        narrower = [one for one in space.widths[stage] if one < width]
        if narrower:
            less = max(narrower)
            yield Move(
                "narrow",
                stage,
                f"narrow stage {stage + 1}: {width} to {less}",
                subnet.with_width(stage, less),
            )
        exchanged = False
        for slot, block in enumerate(slots):
            if block is None:
                continue
            place = f"stage {stage + 1}, slot {slot + 1}"
            if len(subnet.blocks(stage)) > 1:
                yield Move(
                    "drop", stage, f"drop {block.mixer} in {place}", subnet.with_slot(stage, slot, None)
                )
            lower = [ratio for ratio in space.mlp_ratios[stage] if ratio < block.mlp_ratio]
            if lower:
                less_ratio = max(lower)
                yield Move(
                    "mlp",
                    stage,
                    f"MLP ratio {block.mlp_ratio:g} to {less_ratio:g} in {place}",
                    subnet.with_slot(
                        stage, slot, block_of(block.mixer, less_ratio, choices.block(block.mixer, 1.0))
                    ),
                )
            if block.mixer.is_attention and not exchanged:
                exchanged = True
                plain = choices.block(space.mixers[stage][0], block.mlp_ratio)
                yield Move(
                    "exchange",
                    stage,
                    f"{block.mixer} to {plain.mixer} in {place}",
                    subnet.with_slot(stage, slot, plain),
                )
