"""Moves: every way to make a sub-network cheaper, or larger again, by one thing."""

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
        ``drop``, ``narrow``, ``mlp`` or ``exchange``; ``add``, ``widen``, ``mlp`` or ``exchange`` the other way.
    stage
        0 to 3.
    slot
        From 0; -1 where it changes a whole stage.
    words
        What it does, for people.
    subnet
        What is left.
    """

    kind: str
    stage: int
    slot: int
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
                -1,
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
                    "drop", stage, slot, f"drop {block.mixer} in {place}", subnet.with_slot(stage, slot, None)
                )
            lower = [ratio for ratio in space.mlp_ratios[stage] if ratio < block.mlp_ratio]
            if lower:
                less_ratio = max(lower)
                yield Move(
                    "mlp",
                    stage,
                    slot,
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
                    slot,
                    f"{block.mixer} to {plain.mixer} in {place}",
                    subnet.with_slot(stage, slot, plain),
                )


def single_growths(choices: Choices, subnet: Subnet) -> Iterator[Move]:
    """Yield every single move the other way: widen a stage, fill a slot, raise an MLP ratio, exchange for attention."""
    space = choices.space
    for stage in range(4):
        slots, width = subnet.slots[stage], subnet.widths[stage]
        wider = [one for one in space.widths[stage] if one > width]
        if wider:
            more = min(wider)
            yield Move(
                "widen",
                stage,
                -1,
                f"widen stage {stage + 1}: {width} to {more}",
                subnet.with_width(stage, more),
            )
        attention = [
            slot for slot, block in enumerate(slots) if block is not None and block.mixer.is_attention
        ]
        first = min(attention, default=len(slots))
        for slot, block in enumerate(slots):
            place = f"stage {stage + 1}, slot {slot + 1}"
            if block is None:
                plain_behind = any(
                    block is not None and not block.mixer.is_attention for block in slots[slot:]
                )
                for mixer in choices.mixers(stage, slot):
                    if not plain_behind if mixer.is_attention else slot < first:
                        new = choices.block(mixer, min(space.mlp_ratios[stage]))
                        words = f"add {mixer} in {place}"
                        yield Move("add", stage, slot, words, subnet.with_slot(stage, slot, new))
                continue
            higher = [ratio for ratio in space.mlp_ratios[stage] if ratio > block.mlp_ratio]
            if higher:
                new = choices.block(block.mixer, min(higher))
                words = f"MLP ratio {block.mlp_ratio:g} to {min(higher):g} in {place}"
                yield Move("mlp", stage, slot, words, subnet.with_slot(stage, slot, new))
            last_plain = not any(slots[slot + 1 : first])
            if slot < first and last_plain and choices.may_attend(stage, slot):
                new = choices.block(space.attentions[0], block.mlp_ratio)
                words = f"{block.mixer} to {new.mixer} in {place}"
                yield Move("exchange", stage, slot, words, subnet.with_slot(stage, slot, new))
