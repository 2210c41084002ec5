"""Designs to export: the presets at full size or thinned, and ones that hold every choice of the search space."""

from __future__ import annotations

import itertools
from dataclasses import replace

from dsim.arch import PRESETS, Activation, Arch, Block, Downsample, Head, Mixer, Norm, Stage, Stem

SMALL = (
    "efficientformer_l1",
    "efficientformerv2_s0",
    "poolformer_s12",
)  # one of each family, tested as they are
IN_A_ROW = 1  # equal blocks that a thinned design keeps of a row of them; the small presets have depth


def thin(arch: Arch) -> Arch:
    """Keep a design's structure and lose its size: eighth widths, one block of each row of equal ones, 64 pixels."""
    stages = tuple(
        replace(
            stage,
            width=max(8, stage.width // 8),
            blocks=tuple(
                block
                for _, row in itertools.groupby(stage.blocks)
                for block in itertools.islice(row, IN_A_ROW)
            ),
        )
        for stage in arch.stages
    )
    return replace(arch, stages=stages, resolution=64, num_classes=10)


def _plain(index: int, activation: Activation, norm: Norm, *mixers: Mixer) -> Stage:
    """Blocks of one activation and norm; the 3D attention knows layer norm alone."""
    downsamples = (Downsample.NONE, Downsample.CONV_NORM, Downsample.CONV, Downsample.ATTENTION)
    blocks = tuple(
        Block(
            mixer,
            2.0,
            activation,
            Norm.LAYER if mixer is Mixer.ATTENTION else norm,
            None if index == 1 else 0.1,
        )
        for mixer in mixers
    )
    return Stage(8 + 4 * index, blocks, downsamples[index])


def _variant(norm: Norm, activations: tuple[Activation, ...], stem: Stem, head: Head) -> Arch:
    """Every mixer that knows the norm, with four activations, one a stage."""
    last = (Mixer.ATTENTION_V2, Mixer.ATTENTION) if head.norm is Norm.LAYER else (Mixer.ATTENTION_V2,)
    rows = (
        (Mixer.POOLING, Mixer.CONV3),
        (Mixer.CONV5, Mixer.CONV7),
        (Mixer.FFN, Mixer.ATTENTION_V2),
        (Mixer.IDENTITY, *last),
    )
    stages = tuple(_plain(i, activations[i], norm, *row) for i, row in enumerate(rows))
    stem_activation = activations[-1] if stem is Stem.TWO_CONVS else None
    return Arch(stages, stem, stem_activation, head, resolution=64, num_classes=10)


_R, _R6, _G, _S, _H = Activation
# together: each norm with each activation, each mixer, stem, transition and head
VARIANTS: dict[str, Arch] = {
    "batch": _variant(Norm.BATCH, (_R, _R6, _G, _S), Stem.TWO_CONVS, Head(Norm.BATCH)),
    "batch-hardswish": _variant(Norm.BATCH, (_H, _G, _H, _H), Stem.PATCHIFY, Head(Norm.LAYER, False, True)),
    "layer": _variant(Norm.LAYER, (_R6, _G, _S, _H), Stem.CONV7, Head(Norm.LAYER)),
    "layer-relu": _variant(Norm.LAYER, (_R, _S, _R, _R6), Stem.TWO_CONVS, Head(Norm.LAYER)),
    "group": _variant(Norm.GROUP, (_G, _S, _H, _R), Stem.PATCHIFY, Head(Norm.GROUP, False)),
    "group-relu6": _variant(Norm.GROUP, (_R6, _H, _R6, _G), Stem.CONV7, Head(Norm.LAYER, True, True)),
}
THINNED: dict[str, Arch] = {name: thin(arch) for name, arch in PRESETS.items()}
EVERYTHING: dict[str, Arch] = {**THINNED, **VARIANTS}
