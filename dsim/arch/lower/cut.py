"""The parts of a design: its stem, the blocks of a stage, the transition to a stage, its head."""

from __future__ import annotations

from dsim.arch.choices import Activation, Downsample, Mixer, Stem
from dsim.arch.head import Head
from dsim.arch.lower.parts import BlockPart, HeadPart, StemPart, TransitionPart
from dsim.arch.stage import Stage

LAST = 3  # index of the last stage
STRIDED_STAGE = 2  # V2's attention runs at stride 2 in the third stage: 14 x 14 positions at 224 pixels


def stem_part(stem: Stem, activation: Activation | None, width: int, resolution: int) -> StemPart:
    """Return the part from the image to the first map."""
    return StemPart(stem, activation, width, resolution)


def map_size(resolution: int, stage: int) -> int:
    """Return the height and width of the map in stage 0, 1, 2 or 3, in positions, for an image of that side."""
    return resolution // (4 << stage)


def transition_part(stage: Stage, in_width: int, in_size: int) -> TransitionPart | None:
    """Return the part that leads to ``stage`` from a map of ``in_width`` channels, or None for the first stage.

    The attention of `Downsample.ATTENTION` uses the activation of the stage's first block.
    """
    if stage.downsample is Downsample.NONE:
        return None
    activation = stage.blocks[0].activation if stage.downsample is Downsample.ATTENTION else None
    return TransitionPart(stage.downsample, in_width, stage.width, in_size, activation)


def block_parts(stage: Stage, index: int, size: int) -> tuple[BlockPart, ...]:
    """Return the blocks of the stage at ``index`` (0 to 3), whose map has ``size`` x ``size`` positions."""
    parts = []
    tokens = False
    for i, block in enumerate(stage.blocks):
        is_3d = block.mixer is Mixer.ATTENTION
        parts.append(
            BlockPart(
                block.mixer,
                stage.width,
                block.hidden(stage.width),
                size,
                block.activation,
                block.norm,
                block.layer_scale is not None,
                stride=2 if block.mixer is Mixer.ATTENTION_V2 and index == STRIDED_STAGE else 1,
                tokens_in=tokens,
                map_out=is_3d and index < LAST and i == stage.depth - 1,
            )
        )
        tokens = is_3d
    return tuple(parts)


def head_part(head: Head, stage: Stage, size: int, num_classes: int) -> HeadPart:
    """Return the part behind the last stage, whose map has ``size`` x ``size`` positions."""
    return HeadPart(
        head.norm, head.pool_first, head.distilled, num_classes, stage.width, size, stage.ends_in_tokens
    )
