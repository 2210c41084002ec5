"""Op, OpKind, TensorSpec: the vocabulary that everything in dsim shares.

MACs count multiply-accumulates of convolutions, linear layers and matrix products only, one per multiply-add (the
convention of the EfficientFormer papers, of fvcore and of timm's ``macs`` column). An op that no rule counts says so:
its 0 is then no count.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from dsim.attrs import (
    Attrs,
    AxisAttrs,
    ConstantAttrs,
    ConvAttrs,
    LinearAttrs,
    NoAttrs,
    NormAttrs,
    OrderAttrs,
    PadAttrs,
    PoolAttrs,
    ReduceAttrs,
    ShapeAttrs,
    SliceAttrs,
    SplitAttrs,
    UnknownAttrs,
)
from dsim.bounds import MAX_ELEMENTS, MAX_RANK
from dsim.errors import InvalidValueError
from dsim.no_macs import NO_MACS
from dsim.records import shown


class OpKind(StrEnum):
    """Every operator that dsim has a name for; UNKNOWN holds the rest, by its own name."""

    CONV2D = "conv2d"
    LINEAR = "linear"
    MATMUL = "matmul"
    SOFTMAX = "softmax"
    BATCH_NORM = "batch_norm"
    LAYER_NORM = "layer_norm"
    GROUP_NORM = "group_norm"
    RELU = "relu"
    RELU6 = "relu6"
    GELU = "gelu"
    SILU = "silu"
    HARDSWISH = "hardswish"
    HARDSIGMOID = "hardsigmoid"
    SIGMOID = "sigmoid"
    TANH = "tanh"
    AVG_POOL = "avg_pool"
    MAX_POOL = "max_pool"
    GLOBAL_POOL = "global_pool"
    ADD = "add"
    SUB = "sub"
    MUL = "mul"
    DIV = "div"
    CONCAT = "concat"
    SPLIT = "split"
    SLICE = "slice"
    INDEX = "index"
    RESHAPE = "reshape"
    TRANSPOSE = "transpose"
    PAD = "pad"
    UPSAMPLE = "upsample"
    MEAN = "mean"
    SUM = "sum"
    UNKNOWN = "unknown"


class Writing(StrEnum):
    """How a network writes an op that is not one op of its usual formula (by the error function, for GELU)."""

    CHAIN = "chain"  # in small steps, which a reader recognised
    TANH = "tanh"  # one op, by the tanh formula
    TANH_CHAIN = "tanh_chain"
    QUICK = "quick"  # one op: QuickGELU, x * sigmoid(1.702 x), which is another function
    QUICK_CHAIN = "quick_chain"  # stands at the product that ends it; its steps stay ops of their own


ACTIVATIONS: frozenset[OpKind] = frozenset(
    {
        OpKind.RELU,
        OpKind.RELU6,
        OpKind.GELU,
        OpKind.SILU,
        OpKind.HARDSWISH,
        OpKind.HARDSIGMOID,
        OpKind.SIGMOID,
        OpKind.TANH,
    }
)
NORMS: frozenset[OpKind] = frozenset({OpKind.BATCH_NORM, OpKind.LAYER_NORM, OpKind.GROUP_NORM})
BINARY: frozenset[OpKind] = frozenset({OpKind.ADD, OpKind.SUB, OpKind.MUL, OpKind.DIV})

QUICK_FACTOR = 1.702  # of QuickGELU
WRITES: dict[Writing, frozenset[OpKind]] = {
    Writing.CHAIN: ACTIVATIONS | NORMS | {OpKind.SOFTMAX},
    Writing.TANH: frozenset({OpKind.GELU}),
    Writing.TANH_CHAIN: frozenset({OpKind.GELU}),
    Writing.QUICK: frozenset({OpKind.SILU}),
    Writing.QUICK_CHAIN: frozenset({OpKind.MUL}),
}

ATTRS_OF: dict[OpKind, type[Attrs]] = {
    OpKind.CONV2D: ConvAttrs,
    OpKind.LINEAR: LinearAttrs,
    OpKind.MATMUL: ConstantAttrs,
    OpKind.SOFTMAX: AxisAttrs,
    **dict.fromkeys(NORMS, NormAttrs),
    **dict.fromkeys(ACTIVATIONS, NoAttrs),
    OpKind.AVG_POOL: PoolAttrs,
    OpKind.MAX_POOL: PoolAttrs,
    OpKind.GLOBAL_POOL: ReduceAttrs,
    **dict.fromkeys(BINARY, ConstantAttrs),
    OpKind.CONCAT: AxisAttrs,
    OpKind.SPLIT: SplitAttrs,
    OpKind.SLICE: SliceAttrs,
    OpKind.INDEX: ShapeAttrs,
    OpKind.RESHAPE: ShapeAttrs,
    OpKind.TRANSPOSE: OrderAttrs,
    OpKind.PAD: PadAttrs,
    OpKind.UPSAMPLE: ShapeAttrs,
    OpKind.MEAN: ReduceAttrs,
    OpKind.SUM: ReduceAttrs,
    OpKind.UNKNOWN: UnknownAttrs,
}


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The shape of a tensor, batch first. Its dtype belongs to the device profile, not to the network."""

    shape: tuple[int, ...]

    def __post_init__(self) -> None:
        if any(type(size) is not int or size < 1 or size > MAX_ELEMENTS for size in self.shape):
            raise InvalidValueError(
                f"every size of a tensor must be an integer of 1 to {MAX_ELEMENTS}, got {shown(self.shape)}; "
                "check the layer before it"
            )
        if len(self.shape) > MAX_RANK or math.prod(self.shape) > MAX_ELEMENTS:
            raise InvalidValueError(
                f"a tensor must have at most {MAX_RANK} axes and {MAX_ELEMENTS} elements, got {shown(self.shape)}; "
                "check the layer before it"
            )

    @property
    def numel(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Op:
    """One operator: what it is, what goes in, what comes out.

    Attributes
    ----------
    kind
        The operator.
    attrs
        The record that ``ATTRS_OF[kind]`` names.
    inputs, outputs
        Shapes of the activations read and written. Weights are not inputs: attributes imply them.
    activation
        The activation that a fusion pass moved into this op, or None.
    writing
        How the network writes what this op is by itself; None for one op of the usual formula. It changes neither MACs nor
        parameters, and no price.
    """

    kind: OpKind
    attrs: Attrs
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    activation: OpKind | None = None
    writing: Writing | None = None

    def __post_init__(self) -> None:
        wanted = ATTRS_OF[self.kind]
        if not isinstance(self.attrs, wanted):
            raise InvalidValueError(
                f"{self.kind} needs {wanted.__name__}, got {type(self.attrs).__name__}; use the record for its kind"
            )
        if self.activation is not None and self.activation not in ACTIVATIONS:
            raise InvalidValueError(
                f"only an activation can be fused into an op, got {self.activation}; "
                f"choose from {', '.join(sorted(ACTIVATIONS))}"
            )
        if self.writing is not None and self.kind not in WRITES[self.writing]:
            raise InvalidValueError(
                f"only {', '.join(sorted(WRITES[self.writing]))} can be written as {self.writing}, got {self.kind}; "
                "leave the writing out"
            )

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates; 0 for what multiplies no matrices, and for what is not `counted`."""
        rule = MACS.get(self.kind)
        return rule(self) if rule else 0

    @property
    def counted(self) -> bool:
        """False where no rule says what the op does: its MACs and parameters are then lower bounds."""
        if not isinstance(self.attrs, UnknownAttrs):
            return True
        return self.attrs.macs is not None or self.attrs.label in NO_MACS

    @cached_property
    def params(self) -> int:
        """Learned numbers (a batch norm's running statistics are not learned)."""
        own = self.attrs.params if isinstance(self.attrs, ConvAttrs | LinearAttrs | NormAttrs) else None
        return self.weights if own is None else own

    @cached_property
    def weights(self) -> int:
        """Elements of weights that the op reads, learned or not; for a constant operand, the learned ones."""
        rule = WEIGHTS.get(self.kind)
        return rule(self) if rule else 0

    @cached_property
    def elements_read(self) -> int:
        """Elements of activations and of weights or constants that the op reads."""
        constant = self.attrs.constant if isinstance(self.attrs, ConstantAttrs) else None
        weights = math.prod(constant) if constant is not None else self.weights
        return sum(spec.numel for spec in self.inputs) + weights

    @cached_property
    def elements_written(self) -> int:
        """Elements of activations that the op writes."""
        return sum(spec.numel for spec in self.outputs)

    @property
    def label(self) -> str:
        """The kind, or the outside name of an unknown op."""
        return self.attrs.label if isinstance(self.attrs, UnknownAttrs) else str(self.kind)

    @property
    def is_depthwise(self) -> bool:
        """True for a conv2d with one input channel per group and more than one group."""
        return isinstance(self.attrs, ConvAttrs) and 1 < self.attrs.groups == self.inputs[0].shape[1]

    @property
    def is_pointwise(self) -> bool:
        """True for a dense 1x1 conv2d."""
        return isinstance(self.attrs, ConvAttrs) and self.attrs.kernel == (1, 1) and self.attrs.groups == 1


def _conv_weights(op: Op) -> int:
    assert isinstance(op.attrs, ConvAttrs)
    return op.attrs.out_channels * (op.inputs[0].shape[1] // op.attrs.groups) * math.prod(op.attrs.kernel)


def _conv_macs(op: Op) -> int:
    assert isinstance(op.attrs, ConvAttrs)
    return op.outputs[0].numel * _conv_weights(op) // op.attrs.out_channels


def _conv_params(op: Op) -> int:
    assert isinstance(op.attrs, ConvAttrs)
    return _conv_weights(op) + (op.attrs.out_channels if op.attrs.bias else 0)


def _linear_params(op: Op) -> int:
    assert isinstance(op.attrs, LinearAttrs)
    return op.attrs.out_features * (op.inputs[0].shape[-1] + op.attrs.bias)


def _matmul_macs(op: Op) -> int:
    assert isinstance(op.attrs, ConstantAttrs)
    left_is_constant = op.attrs.reverse and op.attrs.constant is not None
    left = op.attrs.constant if left_is_constant else op.inputs[0].shape
    assert left is not None
    return op.outputs[0].numel * left[-1]


def _stated_macs(op: Op) -> int:
    assert isinstance(op.attrs, UnknownAttrs)
    return op.attrs.macs or 0


def _norm_params(op: Op) -> int:
    assert isinstance(op.attrs, NormAttrs)
    if not op.attrs.affine:
        return 0
    shape = op.inputs[0].shape
    width = math.prod(shape[-op.attrs.axes :]) if op.kind is OpKind.LAYER_NORM else shape[1]
    return width * (1 + op.attrs.bias)


def _constant_params(op: Op) -> int:
    assert isinstance(op.attrs, ConstantAttrs | PadAttrs | UnknownAttrs)
    return op.attrs.params


MACS: dict[OpKind, Callable[[Op], int]] = {
    OpKind.CONV2D: _conv_macs,
    OpKind.LINEAR: lambda op: op.outputs[0].numel * op.inputs[0].shape[-1],
    OpKind.MATMUL: _matmul_macs,
    OpKind.UNKNOWN: _stated_macs,
}
WEIGHTS: dict[OpKind, Callable[[Op], int]] = {
    OpKind.CONV2D: _conv_params,
    OpKind.LINEAR: _linear_params,
    OpKind.MATMUL: _constant_params,
    **dict.fromkeys(NORMS, _norm_params),
    **dict.fromkeys(BINARY, _constant_params),
    OpKind.PAD: _constant_params,
    OpKind.UNKNOWN: _constant_params,
}
