"""Hypothesis strategies that several test modules share."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from dsim.arch import Activation, Arch, Block, Downsample, Head, Mixer, Norm, Stage, Stem

MAP_MIXERS = tuple(mixer for mixer in Mixer if not mixer.is_attention)
LAYER_SCALES = (None, 1e-6, 1e-5, 0.1)


@st.composite
def blocks(draw: st.DrawFn, mixer: Mixer) -> Block:
    """Any block with a given mixer."""
    return Block(
        mixer,
        mlp_ratio=draw(st.sampled_from((1.0, 1.5, 2.0, 3.0, 4.0))),
        activation=draw(st.sampled_from(Activation)),
        norm=Norm.LAYER if mixer is Mixer.ATTENTION else draw(st.sampled_from(Norm)),
        layer_scale=draw(st.sampled_from(LAYER_SCALES)),
    )


@st.composite
def stages(draw: st.DrawFn, index: int, widths: Sequence[int], max_depth: int) -> Stage:
    """Any stage that may stand at ``index`` (0 to 3)."""
    depth = draw(st.integers(1, max_depth))
    late = index >= 2
    v2 = draw(st.integers(0, depth)) if late else 0
    v1 = draw(st.integers(0, depth - v2)) if late else 0
    plain = [draw(st.sampled_from(MAP_MIXERS)) for _ in range(depth - v2 - v1)]
    mixers = [*plain, *[Mixer.ATTENTION_V2] * v2, *[Mixer.ATTENTION] * v1]
    downsamples = [Downsample.CONV_NORM, Downsample.CONV] + ([Downsample.ATTENTION] if late else [])
    return Stage(
        width=draw(st.sampled_from(widths)),
        blocks=tuple(draw(blocks(mixer)) for mixer in mixers),
        downsample=draw(st.sampled_from(downsamples)) if index else Downsample.NONE,
    )


@st.composite
def archs(
    draw: st.DrawFn,
    widths: Sequence[int] = range(8, 33),
    max_depth: int = 3,
    resolutions: tuple[int, ...] = (32, 64, 96),
    num_classes: int = 10,
) -> Arch:
    """Any valid design, small enough to trace quickly unless asked otherwise."""
    four = tuple(draw(stages(index, widths, max_depth)) for index in range(4))
    stem = draw(st.sampled_from(Stem))
    norm = Norm.LAYER if four[-1].ends_in_tokens else draw(st.sampled_from(Norm))
    return Arch(
        four,
        stem,
        draw(st.sampled_from(Activation)) if stem is Stem.TWO_CONVS else None,
        Head(norm, draw(st.booleans()), draw(st.booleans()) if norm is Norm.LAYER else False),
        draw(st.sampled_from(resolutions)),
        num_classes,
    )
