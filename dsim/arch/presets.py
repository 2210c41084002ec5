"""Published designs by name: EfficientFormer, EfficientFormerV2 and PoolFormer.

Sources: EfficientFormer, https://arxiv.org/abs/2206.01191; EfficientFormerV2, https://arxiv.org/abs/2212.08059;
PoolFormer, https://arxiv.org/abs/2111.11418. Widths, depths and ratios are those of the papers' official code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dsim.arch.arch import Arch
from dsim.arch.choices import Activation, Downsample, Mixer, Norm, Stem
from dsim.arch.head import Head
from dsim.arch.stage import Stage
from dsim.errors import unknown_name

_Four = tuple[int, int, int, int]


def efficientformer(widths: _Four, depths: _Four, attention_blocks: int) -> Arch:
    """Make an EfficientFormer (V1): pooling blocks, 3D attention at the end of stage 4, two classifiers."""
    stages = tuple(
        Stage.of(
            width,
            depth,
            Mixer.POOLING,
            downsample=Downsample.CONV_NORM if i else Downsample.NONE,
            attention_blocks=attention_blocks if i == 3 else 0,
        )
        for i, (width, depth) in enumerate(zip(widths, depths, strict=True))
    )
    return Arch(stages)


def efficientformer_v2(
    widths: _Four, depths: _Four, attention_blocks: int, late_ratios: tuple[Sequence[float], Sequence[float]]
) -> Arch:
    """Make an EfficientFormerV2: unified FFNs, V2's attention at the end of stages 3 and 4.

    Parameters
    ----------
    late_ratios
        The MLP ratio of each block of stage 3 and of stage 4; stages 1 and 2 have 4 throughout.
    """
    downsamples = (Downsample.NONE, Downsample.CONV_NORM, Downsample.CONV_NORM, Downsample.ATTENTION)
    ratios: tuple[float | Sequence[float], ...] = (4.0, 4.0, *late_ratios)
    stages = tuple(
        Stage.of(
            widths[i],
            depths[i],
            Mixer.FFN,
            downsample=downsamples[i],
            attention_blocks=attention_blocks if i >= 2 else 0,
            attention=Mixer.ATTENTION_V2,
            mlp_ratio=ratios[i],
        )
        for i in range(4)
    )
    return Arch(stages, stem_activation=Activation.GELU, head=Head(norm=Norm.BATCH))


def poolformer(widths: _Four, depths: _Four, layer_scale: float) -> Arch:
    """Make a PoolFormer: pooling behind group norm, plain convolutions between stages, one classifier."""
    stages = tuple(
        Stage.of(
            width,
            depth,
            Mixer.POOLING,
            downsample=Downsample.CONV if i else Downsample.NONE,
            norm=Norm.GROUP,
            layer_scale=layer_scale,
        )
        for i, (width, depth) in enumerate(zip(widths, depths, strict=True))
    )
    return Arch(stages, Stem.CONV7, None, Head(norm=Norm.LAYER, distilled=False, pool_first=True))


_4, _3 = (4.0,), (3.0,)

PRESETS: Mapping[str, Arch] = {
    "efficientformer_l1": efficientformer((48, 96, 224, 448), (3, 2, 6, 4), 1),
    "efficientformer_l3": efficientformer((64, 128, 320, 512), (4, 4, 12, 6), 4),
    "efficientformer_l7": efficientformer((96, 192, 384, 768), (6, 6, 18, 8), 8),
    "efficientformerv2_s0": efficientformer_v2(
        (32, 48, 96, 176), (2, 2, 6, 4), 2, (_4 + _3 * 3 + _4 * 2, _4 + _3 * 2 + _4)
    ),
    "efficientformerv2_s1": efficientformer_v2(
        (32, 48, 120, 224), (3, 3, 9, 6), 2, (_4 * 2 + _3 * 4 + _4 * 3, _4 * 2 + _3 * 2 + _4 * 2)
    ),
    "efficientformerv2_s2": efficientformer_v2(
        (32, 64, 144, 288), (4, 4, 12, 8), 4, (_4 * 2 + _3 * 6 + _4 * 4, _4 * 2 + _3 * 4 + _4 * 2)
    ),
    "efficientformerv2_l": efficientformer_v2(
        (40, 80, 192, 384), (5, 5, 15, 10), 6, (_4 * 4 + _3 * 7 + _4 * 4, _4 * 3 + _3 * 4 + _4 * 3)
    ),
    "poolformer_s12": poolformer((64, 128, 320, 512), (2, 2, 6, 2), 1e-5),
    "poolformer_s24": poolformer((64, 128, 320, 512), (4, 4, 12, 4), 1e-5),
    "poolformer_s36": poolformer((64, 128, 320, 512), (6, 6, 18, 6), 1e-6),
    "poolformer_m36": poolformer((96, 192, 384, 768), (6, 6, 18, 6), 1e-6),
    "poolformer_m48": poolformer((96, 192, 384, 768), (8, 8, 24, 8), 1e-6),
}


def get_preset(name: str) -> Arch:
    """Look a published design up.

    Raises
    ------
    UnknownNameError
        No preset has that name; the message lists them.
    """
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]
