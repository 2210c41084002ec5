"""Parts: the stretches that a design is cut into. A part determines its ops, so it is the key of its own graph."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.arch.choices import Activation, Downsample, Mixer, Norm, Stem
from dsim.arch.lower.attention import downsampling_attention, map_attention, token_attention
from dsim.arch.lower.pen import Pen
from dsim.attrs import ConstantAttrs, PoolAttrs
from dsim.graph import Ref
from dsim.op import OpKind

IMAGE_CHANNELS = 3


@dataclass(frozen=True, slots=True)
class StemPart:
    """From the image to the first map."""

    stem: Stem
    activation: Activation | None
    width: int
    resolution: int
    columns: int | None = None  # width of an image that is not square; None for a square one

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The image, NCHW."""
        return (1, IMAGE_CHANNELS, self.resolution, self.columns or self.resolution)

    def write(self, pen: Pen, x: Ref) -> Ref:
        """Write the ops."""
        if self.stem is Stem.CONV7:
            return pen.conv(x, self.width, 7, 4, padding=2)
        if self.stem is Stem.PATCHIFY:
            return pen.conv(x, self.width, 4, 4, padding=0)
        assert self.activation is not None
        for out in (self.width // 2, self.width):
            x = pen.activate(pen.conv_norm(x, out, 3, 2), self.activation)
        return x


@dataclass(frozen=True, slots=True)
class BlockPart:
    """One block.

    Attributes
    ----------
    size
        Height of the map, and its width too unless ``columns`` says otherwise.
    stride
        Of V2's attention; 1 for everything else.
    tokens_in, map_out
        For 3D blocks: whether the input is tokens already, and whether the output is turned back into a map.
    columns
        Width of a map that is not square; None for a square map.
    """

    mixer: Mixer
    width: int
    hidden: int
    size: int
    activation: Activation
    norm: Norm
    layer_scale: bool
    stride: int = 1
    tokens_in: bool = False
    map_out: bool = False
    columns: int | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """A map, NCHW, or tokens (1, positions, channels)."""
        height, width = self._map
        if self.tokens_in:
            return (1, height * width, self.width)
        return (1, self.width, height, width)

    @property
    def _map(self) -> tuple[int, int]:
        """Height and width of the map."""
        return self.size, self.size if self.columns is None else self.columns

    def write(self, pen: Pen, x: Ref) -> Ref:
        """Write the ops."""
        return self._write_tokens(pen, x) if self.mixer is Mixer.ATTENTION else self._write_map(pen, x)

    def _write_tokens(self, pen: Pen, x: Ref) -> Ref:
        if not self.tokens_in:
            x = pen.to_tokens(x)
        x = pen.add(x, self._scaled(pen, token_attention(pen, pen.layer_norm(x))))
        y = pen.activate(pen.linear(pen.layer_norm(x), self.hidden), self.activation)
        x = pen.add(x, self._scaled(pen, pen.linear(y, self.width)))
        return pen.to_map(x, *self._map) if self.map_out else x

    def _write_map(self, pen: Pen, x: Ref) -> Ref:
        if self.mixer not in (Mixer.FFN, Mixer.IDENTITY):
            x = pen.add(x, self._scaled(pen, self._mix(pen, self._before(pen, x))))
        return pen.add(x, self._scaled(pen, self._mlp(pen, self._before(pen, x))))

    def _mix(self, pen: Pen, x: Ref) -> Ref:
        if self.mixer is Mixer.POOLING:
            attrs = PoolAttrs((3, 3), (1, 1), (1, 1), count_include_pad=False)
            pooled = pen.builder.add(OpKind.AVG_POOL, x, attrs=attrs, scope=pen.scope)
            return pen.builder.add(OpKind.SUB, pooled, x, attrs=ConstantAttrs(), scope=pen.scope)
        if self.mixer is Mixer.ATTENTION_V2:
            return map_attention(pen, x, self.stride, self.activation, self._behind)
        assert self.mixer.kernel is not None
        return pen.depthwise_norm(x, self.mixer.kernel, norm=self._behind)

    def _mlp(self, pen: Pen, x: Ref) -> Ref:
        x = pen.activate(pen.conv_norm(x, self.hidden, 1, norm=self._behind), self.activation)
        if self.mixer in (Mixer.FFN, Mixer.ATTENTION_V2):
            x = pen.activate(pen.depthwise_norm(x, 3, norm=self._behind), self.activation)
        return pen.conv_norm(x, self.width, 1, norm=self._behind)

    @property
    def _behind(self) -> bool:
        """Batch norm stands behind each convolution, the other norms before the branch."""
        return self.norm is Norm.BATCH

    def _before(self, pen: Pen, x: Ref) -> Ref:
        return x if self._behind else pen.map_norm(x, self.norm)

    def _scaled(self, pen: Pen, x: Ref) -> Ref:
        if not self.layer_scale:
            return x
        tail = (1, 1) if len(pen.shape(x)) == 4 else ()
        return pen.with_constant(OpKind.MUL, x, (self.width, *tail), self.width)


@dataclass(frozen=True, slots=True)
class TransitionPart:
    """From one stage's map to the next one's, at half the size.

    Attributes
    ----------
    size
        Height of the map that comes in, and its width too unless ``columns`` says otherwise.
    activation
        Inside the attention of `Downsample.ATTENTION`; None for the others.
    columns
        Width of a map that is not square; None for a square map.
    """

    downsample: Downsample
    in_width: int
    out_width: int
    size: int
    activation: Activation | None = None
    columns: int | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """A map, NCHW."""
        return (1, self.in_width, self.size, self.columns or self.size)

    def write(self, pen: Pen, x: Ref) -> Ref:
        """Write the ops."""
        out = pen.conv_norm(x, self.out_width, 3, 2, norm=self.downsample is not Downsample.CONV)
        if self.downsample is not Downsample.ATTENTION:
            return out
        assert self.activation is not None
        return pen.add(downsampling_attention(pen, x, self.out_width, self.activation), out)


@dataclass(frozen=True, slots=True)
class HeadPart:
    """From the last map, or tokens, to class scores."""

    norm: Norm
    pool_first: bool
    distilled: bool
    num_classes: int
    width: int
    size: int
    tokens_in: bool

    @property
    def input_shape(self) -> tuple[int, ...]:
        """A map, NCHW, or tokens (1, positions, channels)."""
        if self.tokens_in:
            return (1, self.size * self.size, self.width)
        return (1, self.width, self.size, self.size)

    def write(self, pen: Pen, x: Ref) -> Ref:
        """Write the ops."""
        if self.pool_first:
            x = pen.layer_norm(pen.mean_positions(x))
        elif self.norm is Norm.LAYER:
            x = pen.mean_positions(pen.layer_norm(x if self.tokens_in else pen.to_tokens(x)))
        else:
            x = pen.mean_positions(pen.map_norm(x, self.norm))
        scores = pen.linear(x, self.num_classes)
        if not self.distilled:
            return scores
        both = pen.add(scores, pen.linear(x, self.num_classes))
        return pen.with_constant(OpKind.DIV, both)


Part = StemPart | BlockPart | TransitionPart | HeadPart
