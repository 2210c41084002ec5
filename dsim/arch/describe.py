"""A design in words: one line for the stem, each stage and the head."""

from __future__ import annotations

import itertools

from dsim.arch.arch import Arch
from dsim.arch.block import Block


def describe(arch: Arch) -> tuple[str, ...]:
    """Return six lines: stem, four stages, head.

    Examples
    --------
    >>> from dsim.arch import get_preset
    >>> describe(get_preset("efficientformer_l1"))[4]
    'stage 4: 7x7, width 448, conv_norm; 3 x pooling (MLP 4, gelu, batch), 1 x attention (MLP 4, gelu, layer)'
    """
    stem = f"stem: {arch.stem}" + (f", {arch.stem_activation}" if arch.stem_activation else "")
    lines = [f"{stem}; image {arch.resolution}x{arch.resolution}"]
    for index, stage in enumerate(arch.stages):
        size = arch.map_size(index)
        via = f", {stage.downsample}" if index else ""
        runs = ", ".join(_run(block, len(list(run))) for block, run in itertools.groupby(stage.blocks))
        lines.append(f"stage {index + 1}: {size}x{size}, width {stage.width}{via}; {runs}")
    order = "pool, then norm" if arch.head.pool_first else "norm, then pool"
    classifiers = "two classifiers (distilled)" if arch.head.distilled else "one classifier"
    lines.append(f"head: {arch.head.norm} {order}; {classifiers}, {arch.num_classes} classes")
    return tuple(lines)


def _run(block: Block, count: int) -> str:
    scale = "" if block.layer_scale is not None else ", no layer scale"
    return f"{count} x {block.mixer} (MLP {block.mlp_ratio:g}, {block.activation}, {block.norm}{scale})"
