"""Designs to export: the presets, thinned ones, and ones that hold every choice of the search space."""

from __future__ import annotations

import itertools
from dataclasses import replace

from dsim.arch import PRESETS, Activation, Arch, Block, Downsample, Head, Mixer, Norm, Stage, Stem

SMALLEST = "efficientformerv2_s0"  # tested as it is


def thin(arch: Arch) -> Arch:
    """Keep a design's structure and lose its size: an eighth of the width, one block of each mixer a stage, 64 px."""
    stages = tuple(
        replace(
            stage,
            width=max(8, stage.width // 8),
            blocks=tuple(next(row) for _, row in itertools.groupby(stage.blocks, lambda block: block.mixer)),
        )
        for stage in arch.stages
    )
    return replace(arch, stages=stages, resolution=64, num_classes=10)


def structure(arch: Arch) -> frozenset[object]:
    """Return what a design is made of, without its numbers: where which blocks, transitions, stem and head stand."""
    parts = {
        (i, stage.downsample, _made_of(block))
        for i, stage in enumerate(arch.stages)
        for block in stage.blocks
    }
    return frozenset({*parts, arch.stem, arch.stem_activation, arch.head})


def _made_of(block: Block) -> tuple[object, ...]:
    return block.mixer, block.activation, block.norm, block.layer_scale is None


def _stage(index: int, norm: Norm, activation: Activation, *mixers: Mixer) -> Stage:
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


def _design(stem: Stem, head: Head, *rows: tuple[Norm, Activation, tuple[Mixer, ...]]) -> Arch:
    stages = tuple(_stage(i, norm, activation, *mixers) for i, (norm, activation, mixers) in enumerate(rows))
    return Arch(
        stages,
        stem,
        rows[0][1] if stem is Stem.TWO_CONVS else None,
        head,
        resolution=64,
        num_classes=10,
    )


_R, _R6, _G, _S, _H = Activation
_B, _L, _GN = Norm.BATCH, Norm.LAYER, Norm.GROUP
_P, _3, _5, _7, _F, _V1, _V2, _I = Mixer
# together: each norm with each activation, each mixer, stem, transition and head
VARIANTS: dict[str, Arch] = {
    "a": _design(
        Stem.TWO_CONVS, Head(_B), (_B, _R, (_P,)), (_L, _R, (_3,)), (_GN, _R, (_5,)), (_B, _R6, (_7, _V2))
    ),
    "b": _design(
        Stem.CONV7, Head(_L), (_L, _R6, (_F,)), (_GN, _R6, (_I,)), (_B, _G, (_P, _V2)), (_L, _G, (_V1,))
    ),
    "c": _design(
        Stem.PATCHIFY, Head(_GN, False), (_GN, _G, (_F,)), (_B, _S, (_F,)), (_L, _S, (_V2,)), (_GN, _S, (_7,))
    ),
    "d": _design(
        Stem.TWO_CONVS,
        Head(_L, False, True),
        (_B, _H, (_5,)),
        (_L, _H, (_P,)),
        (_GN, _H, (_3, _V2)),
        (_B, _H, (_I,)),
    ),
}
THINNED: dict[str, Arch] = {name: thin(arch) for name, arch in PRESETS.items()}
# presets whose structure no other one holds: slow converters need not see the same ops twice
STRUCTURES: dict[str, Arch] = {}
for _name, _arch in THINNED.items():
    if not any(structure(_arch) <= structure(other) for other in STRUCTURES.values()):
        STRUCTURES[_name] = _arch
# for what every form does alike: the fewest ops that a design can have
TINY = replace(
    _design(Stem.PATCHIFY, Head(_B, False), *[(_B, _R, (_I,))] * 4),
    stages=tuple(Stage.of(8, 1, _I, downsample=Downsample.CONV if i else Downsample.NONE) for i in range(4)),
)
