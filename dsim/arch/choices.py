"""The closed sets of choices that a design is made of, and what each choice means."""

from __future__ import annotations

from enum import StrEnum

from dsim.op import OpKind


class Activation(StrEnum):
    """The non-linearity inside a block's MLP (and inside V2's attention)."""

    RELU = "relu"
    RELU6 = "relu6"
    GELU = "gelu"
    SILU = "silu"
    HARDSWISH = "hardswish"

    @property
    def op_kind(self) -> OpKind:
        """The operator that computes it."""
        return OpKind(self.value)


class Norm(StrEnum):
    """Where and how a block normalises.

    BATCH
        A batch norm behind every convolution of the block, none before it (EfficientFormer's 4D blocks). It folds into
        the convolutions at inference.
    LAYER
        A layer norm over channels, position by position, before the token mixer and before the MLP; no norm inside
        (the paper's 3D block; ConvNeXt).
    GROUP
        A group norm with one group, over channels and positions together, in the same two places (PoolFormer).
    """

    BATCH = "batch"
    LAYER = "layer"
    GROUP = "group"


class Mixer(StrEnum):
    """How a block exchanges information between positions.

    POOLING
        ``x + scale * (avg_pool3(x) - x)``, then the MLP: EfficientFormer's 4D block, PoolFormer's block.
    CONV3, CONV5, CONV7
        ``x + scale * depthwise_conv(x)``, then the MLP.
    FFN
        No separate mixer: the MLP holds a depthwise 3x3 convolution (EfficientFormerV2's unified FFN).
    ATTENTION
        EfficientFormer's 3D block: tokens, layer norm, 8 heads with relative position bias, a linear MLP.
    ATTENTION_V2
        EfficientFormerV2's attention on NCHW: talking heads, a local depthwise value path, at stride 2 in stage 3,
        then the unified FFN.
    IDENTITY
        No mixing: the block is its MLP alone.
    """

    POOLING = "pooling"
    CONV3 = "conv3"
    CONV5 = "conv5"
    CONV7 = "conv7"
    FFN = "ffn"
    ATTENTION = "attention"
    ATTENTION_V2 = "attention_v2"
    IDENTITY = "identity"

    @property
    def is_attention(self) -> bool:
        """True for both attentions."""
        return self in (Mixer.ATTENTION, Mixer.ATTENTION_V2)

    @property
    def kernel(self) -> int | None:
        """The kernel of a depthwise convolution mixer, None for the others."""
        return _KERNELS.get(self)


_KERNELS = {Mixer.CONV3: 3, Mixer.CONV5: 5, Mixer.CONV7: 7}


class Stem(StrEnum):
    """How the image becomes a map at a quarter of its size.

    TWO_CONVS
        Two 3x3 convolutions of stride 2 with batch norm and activation (EfficientFormer V1 and V2).
    CONV7
        One 7x7 convolution of stride 4 and padding 2 (PoolFormer).
    PATCHIFY
        One 4x4 convolution of stride 4: patches that do not overlap (ViT).
    """

    TWO_CONVS = "two_convs"
    CONV7 = "conv7"
    PATCHIFY = "patchify"


class Downsample(StrEnum):
    """How a stage begins: what halves the map of the stage before it.

    NONE
        Nothing: the first stage follows the stem.
    CONV_NORM
        A 3x3 convolution of stride 2 with batch norm (EfficientFormer).
    CONV
        The same without batch norm (PoolFormer).
    ATTENTION
        The first, plus attention whose queries are strided (EfficientFormerV2, before stage 4).
    """

    NONE = "none"
    CONV_NORM = "conv_norm"
    CONV = "conv"
    ATTENTION = "attention"
