"""Typed attributes of ops: one frozen record per shape of attribute, checked when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.bounds import MAX_MACS, MAX_RANK, MAX_WINDOW, check_learned, check_pair, check_sizes, check_within
from dsim.errors import InvalidValueError
from dsim.records import Sparse

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NoAttrs(Sparse):
    """An op that its kind and its input shapes say everything about."""


@dataclass(frozen=True, slots=True)
class ConvAttrs(Sparse):
    """A 2-D convolution over NCHW; depthwise where ``groups`` equals the input channels.

    ``params`` is None where every weight and bias is learned and belongs to this op alone. Else it is the count of
    learned numbers that stand behind them here (0 for the second use of shared weights, or for a fixed blur).
    """

    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True
    params: int | None = None

    def __post_init__(self) -> None:
        check_learned(self, self.params)
        check_within(self, "out_channels", self.out_channels, 1)
        check_within(self, "groups", self.groups, 1)
        for name in ("kernel", "stride", "dilation"):
            check_pair(self, name, getattr(self, name), 1)
        check_pair(self, "padding", self.padding, 0)
        if self.out_channels % self.groups:
            raise InvalidValueError(
                f"conv2d out_channels must be a multiple of groups, got {self.out_channels} and {self.groups}; "
                "change one of them"
            )


@dataclass(frozen=True, slots=True)
class LinearAttrs(Sparse):
    """A matrix of learned weights on the last axis; ``params`` as in `ConvAttrs`."""

    out_features: int
    bias: bool = True
    params: int | None = None

    def __post_init__(self) -> None:
        check_learned(self, self.params)
        check_within(self, "out_features", self.out_features, 1)


@dataclass(frozen=True, slots=True)
class PoolAttrs(Sparse):
    """Average or max pooling over the two last axes of NCHW."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    ceil_mode: bool = False
    count_include_pad: bool = True

    def __post_init__(self) -> None:
        check_pair(self, "kernel", self.kernel, 1)
        check_pair(self, "stride", self.stride, 1)
        check_pair(self, "padding", self.padding, 0)


@dataclass(frozen=True, slots=True)
class NormAttrs(Sparse):
    """Batch, layer or group norm. ``groups`` is for group norm; ``axes`` counts layer norm's trailing axes.

    ``affine`` tells whether it has a scale, and with it a shift unless ``bias`` is False; ``params`` as in `ConvAttrs`.
    """

    affine: bool = True
    groups: int = 1
    axes: int = 1
    bias: bool = True
    params: int | None = None

    def __post_init__(self) -> None:
        check_learned(self, self.params)
        check_within(self, "groups", self.groups, 1)
        check_within(self, "axes", self.axes, 1, MAX_RANK)


@dataclass(frozen=True, slots=True)
class ConstantAttrs(Sparse):
    """An element-wise op or matmul, one operand of which may be a constant that belongs to the network.

    ``constant`` is that operand's shape (``()`` for a scalar), None where both operands are activations.
    ``params`` is how many learned numbers stand behind it: a relative position bias of shape (8, 49, 49) may be
    spread from 8 x 49 parameters. ``reverse`` tells that the constant is the left operand.
    """

    constant: tuple[int, ...] | None = None
    params: int = 0
    reverse: bool = False

    def __post_init__(self) -> None:
        if self.constant is None and self.params:
            raise InvalidValueError(
                f"an op without a constant operand has no parameters, got {self.params}; set constant to its shape"
            )
        check_within(self, "params", self.params, 0)
        if self.constant is not None:
            check_sizes(self, "constant", self.constant)


@dataclass(frozen=True, slots=True)
class AxisAttrs(Sparse):
    """The axis of softmax or concat (not negative)."""

    axis: int


@dataclass(frozen=True, slots=True)
class SplitAttrs(Sparse):
    """Cut ``axis`` into pieces of ``sizes``."""

    axis: int
    sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        check_sizes(self, "sizes", self.sizes, MAX_WINDOW)


@dataclass(frozen=True, slots=True)
class SliceAttrs(Sparse):
    """Keep ``start:stop:step`` of ``axis``."""

    axis: int
    start: int
    stop: int
    step: int = 1

    def __post_init__(self) -> None:
        check_within(self, "step", self.step, 1)


@dataclass(frozen=True, slots=True)
class ShapeAttrs(Sparse):
    """The output shape of reshape, index or upsample."""

    shape: tuple[int, ...]
    mode: str = ""

    def __post_init__(self) -> None:
        check_sizes(self, "shape", self.shape)


@dataclass(frozen=True, slots=True)
class OrderAttrs(Sparse):
    """The order of axes after a transpose."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PadAttrs(Sparse):
    """Elements added before and after each axis; ``params`` of them are learned (a class token)."""

    pads: tuple[Pair, ...]
    params: int = 0

    def __post_init__(self) -> None:
        check_within(self, "params", self.params, 0)
        for pair in self.pads:
            check_pair(self, "pads", pair, 0)


@dataclass(frozen=True, slots=True)
class ReduceAttrs(Sparse):
    """Mean, sum or global pooling over ``axes``."""

    axes: tuple[int, ...]
    keepdim: bool = False


@dataclass(frozen=True, slots=True)
class UnknownAttrs(Sparse):
    """An operator without a kind: its own name, its output shapes, its parameters and its work stay on record.

    ``macs`` is None where nobody counted them: an operator without a rule, of which 0 would be a guess.
    """

    label: str
    shapes: tuple[tuple[int, ...], ...]
    params: int = 0
    macs: int | None = None

    def __post_init__(self) -> None:
        check_within(self, "params", self.params, 0)
        if self.macs is not None:
            check_within(self, "macs", self.macs, 0, MAX_MACS)
        for shape in self.shapes:
            check_sizes(self, "shapes", shape)


Attrs = (
    NoAttrs
    | ConvAttrs
    | LinearAttrs
    | PoolAttrs
    | NormAttrs
    | ConstantAttrs
    | AxisAttrs
    | SplitAttrs
    | SliceAttrs
    | ShapeAttrs
    | OrderAttrs
    | PadAttrs
    | ReduceAttrs
    | UnknownAttrs
)
