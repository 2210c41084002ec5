"""Typed attributes of ops: one frozen record per shape of attribute, checked when it is made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from dsim.errors import InvalidValueError

Pair = tuple[int, int]


def _positive(owner: object, **values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise InvalidValueError(
                f"{type(owner).__name__}.{name} must be at least 1, got {value}; give a positive integer"
            )


def _pair(owner: object, name: str, value: Pair, least: int) -> None:
    if len(value) != 2 or min(value) < least:
        raise InvalidValueError(
            f"{type(owner).__name__}.{name} must be two integers of at least {least}, got {value}; give (height, width)"
        )


@dataclass(frozen=True, slots=True)
class NoAttrs:
    """An op that its kind and its input shapes say everything about."""


@dataclass(frozen=True, slots=True)
class ConvAttrs:
    """A 2-D convolution over NCHW; depthwise where ``groups`` equals the input channels."""

    out_channels: int
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1
    bias: bool = True

    def __post_init__(self) -> None:
        _positive(self, out_channels=self.out_channels, groups=self.groups)
        for name in ("kernel", "stride", "dilation"):
            _pair(self, name, getattr(self, name), 1)
        _pair(self, "padding", self.padding, 0)
        if self.out_channels % self.groups:
            raise InvalidValueError(
                f"conv2d out_channels must be a multiple of groups, got {self.out_channels} and {self.groups}; "
                "change one of them"
            )


@dataclass(frozen=True, slots=True)
class LinearAttrs:
    """A matrix of learned weights on the last axis."""

    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        _positive(self, out_features=self.out_features)


@dataclass(frozen=True, slots=True)
class PoolAttrs:
    """Average or max pooling over the two last axes of NCHW."""

    kernel: Pair
    stride: Pair
    padding: Pair = (0, 0)
    ceil_mode: bool = False
    count_include_pad: bool = True

    def __post_init__(self) -> None:
        _pair(self, "kernel", self.kernel, 1)
        _pair(self, "stride", self.stride, 1)
        _pair(self, "padding", self.padding, 0)


@dataclass(frozen=True, slots=True)
class NormAttrs:
    """Batch, layer or group norm. ``groups`` is for group norm; ``axes`` counts layer norm's trailing axes."""

    affine: bool = True
    groups: int = 1
    axes: int = 1

    def __post_init__(self) -> None:
        _positive(self, groups=self.groups, axes=self.axes)


@dataclass(frozen=True, slots=True)
class ConstantAttrs:
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
        if self.params < 0:
            raise InvalidValueError(f"params must be 0 or more, got {self.params}; count the learned numbers")


@dataclass(frozen=True, slots=True)
class AxisAttrs:
    """The axis of softmax or concat (not negative)."""

    axis: int


@dataclass(frozen=True, slots=True)
class SplitAttrs:
    """Cut ``axis`` into pieces of ``sizes``."""

    axis: int
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SliceAttrs:
    """Keep ``start:stop:step`` of ``axis``."""

    axis: int
    start: int
    stop: int
    step: int = 1

    def __post_init__(self) -> None:
        _positive(self, step=self.step)


@dataclass(frozen=True, slots=True)
class ShapeAttrs:
    """The output shape of reshape, index or upsample."""

    shape: tuple[int, ...]
    mode: str = ""


@dataclass(frozen=True, slots=True)
class OrderAttrs:
    """The order of axes after a transpose."""

    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PadAttrs:
    """Elements added before and after each axis."""

    pads: tuple[Pair, ...]


@dataclass(frozen=True, slots=True)
class ReduceAttrs:
    """Mean, sum or global pooling over ``axes``."""

    axes: tuple[int, ...]
    keepdim: bool = False


@dataclass(frozen=True, slots=True)
class UnknownAttrs:
    """Something that no reader knows: its own name, its output shapes and its parameters stay on record."""

    label: str
    shapes: tuple[tuple[int, ...], ...]
    params: int = 0


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


def attrs_to_dict(attrs: Attrs) -> dict[str, Any]:
    """Give the fields that differ from their defaults, for JSON."""
    out = {}
    for f in dataclasses.fields(attrs):
        value = getattr(attrs, f.name)
        if value != f.default:
            out[f.name] = value
    return out


def _frozen(value: Any) -> Any:
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _fits(value: Any, default: Any, hint: str) -> bool:
    if isinstance(value, tuple):
        return "tuple" in hint or "Pair" in hint
    if value is None:
        return "None" in hint
    if isinstance(value, bool):
        return hint == "bool"
    return (isinstance(value, int) and hint == "int") or (isinstance(value, str) and hint == "str")


def _all_ints(value: Any) -> bool:
    return all(_all_ints(v) if isinstance(v, tuple) else type(v) is int for v in value)


def attrs_from_dict(cls: type[Attrs], raw: dict[str, Any]) -> Attrs:
    """Read attributes back from JSON; what does not fit the record is refused.

    Raises
    ------
    InvalidValueError
        A field is unknown, missing, or of the wrong type.
    """
    fields = {f.name: f for f in dataclasses.fields(cls)}
    values = {}
    for name, value in raw.items():
        if name not in fields:
            raise InvalidValueError(
                f"{cls.__name__} has no field {name!r}; it has: {', '.join(fields) or 'none'}"
            )
        frozen = _frozen(value)
        if not _fits(frozen, fields[name].default, str(fields[name].type)) or (
            isinstance(frozen, tuple) and not _all_ints(frozen)
        ):
            raise InvalidValueError(
                f"{cls.__name__}.{name} must be {fields[name].type}, got {value!r}; correct the file"
            )
        values[name] = frozen
    try:
        return cls(**values)
    except TypeError as error:
        raise InvalidValueError(f"{cls.__name__} is incomplete: {error}; add what is missing") from error
