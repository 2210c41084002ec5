"""What each operator does where rows were added behind the tokens: whether its own rows stay what they were, and where the added ones go.

A padding says of each axis with added rows whether what stands in them is zero. What stands there may be anything finite: a softmax
over them is masked, so that a product with its result counts them with a factor of zero. An operator without a rule is run on the
tokens alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dsim.graph.tracing import Shape

Padding = Mapping[int, bool]  # axis: whether its added rows are zero
NONE: Padding = {}
# each output element depends on the elements of the inputs at its own place alone
POINTWISE = frozenset(
    {"Abs", "Add", "And", "Ceil", "Celu", "Clip", "Cos", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater"}
    | {"HardSigmoid", "HardSwish", "LeakyRelu", "Less", "Log", "Max", "Min", "Mish", "Mul", "Neg", "Not", "Or", "PRelu", "Pow"}
    | {"Reciprocal", "Relu", "Round", "Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish"}
    | {"Tanh", "ThresholdedRelu", "Where"}
)  # fmt: skip
SAME = frozenset({"Identity", "Cast", "Dropout"})
# what reads axes and places that must be known
BY_NUMBERS = frozenset(
    {"ReduceMean", "ReduceSum", "ReduceMax", "ReduceL2", "ReduceSumSquare", "Squeeze", "Unsqueeze", "Slice"}
)


@dataclass(frozen=True, slots=True)
class Site:
    """A node of a file, and where its inputs have added rows.

    Attributes
    ----------
    op, attrs
        The operator, and its attributes as plain values.
    given
        Which inputs are not left out.
    inputs, outputs
        Shapes as the file has them, None for one left out or not known.
    paddings
        Of the inputs.
    values
        Of the inputs that are small constants; else None.
    stored
        Which inputs are constants of any size.
    tokens, longer
        How many rows there are, and how many there are to be.
    """

    op: str
    attrs: Mapping[str, Any]
    given: Sequence[bool]
    inputs: Sequence[Shape | None]
    outputs: Sequence[Shape | None]
    paddings: Sequence[Padding]
    values: Sequence[np.ndarray[Any, Any] | None]
    stored: Sequence[bool]
    tokens: int
    longer: int

    def shape(self, place: int) -> Shape:
        """Return the shape of an input that is known."""
        found = self.inputs[place]
        assert found is not None  # `kept` asks no rule about others
        return found

    def numbers(self, place: int, attr: str) -> list[int] | None:
        """Return whole numbers that newer operator sets give as an input, and older ones as an attribute."""
        if attr in self.attrs:
            return [int(one) for one in self.attrs[attr]]
        found = self.values[place] if place < len(self.values) else None
        return None if found is None else [int(one) for one in found.reshape(-1)]

    @property
    def only_first(self) -> bool:
        """True where no input but the first has added rows."""
        return not any(self.paddings[1:])


@dataclass(frozen=True, slots=True)
class Kept:
    """What a node becomes.

    Attributes
    ----------
    outputs
        Their paddings.
    numbers
        Inputs that are put in place of others, by place.
    repeated
        Constants that need more rows, by place, and the axes of these rows.
    masked
        The axis of a softmax whose added rows must count nothing.
    """

    outputs: tuple[Padding, ...]
    numbers: Mapping[int, np.ndarray[Any, Any]] = field(default_factory=dict)
    repeated: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    masked: int | None = None


def kept(site: Site) -> Kept | None:
    """Return what a node becomes on more rows; None where it must not see them."""
    rule = RULES.get(site.op)
    if rule is None or site.outputs[0] is None:
        return None
    if any(given and shape is None for given, shape in zip(site.given, site.inputs, strict=True)):
        return None
    if site.op in BY_NUMBERS and any(
        given and value is None for given, value in zip(site.given[1:], site.values[1:], strict=True)
    ):
        return None
    return rule(site)


def _anything(padding: Padding) -> Padding:
    return dict.fromkeys(padding, False)


def _same(site: Site) -> Kept | None:
    return Kept((site.paddings[0],)) if len(site.outputs) == 1 and site.only_first else None


def _pointwise(site: Site) -> Kept | None:
    """Spread inputs over each other: all must have the added rows, or one row for all, or be constants, whose last row is repeated."""
    shapes = [shape or () for shape in site.inputs]
    rank = max(map(len, shapes))
    out = {
        axis + rank - len(shape): False
        for shape, padding in zip(shapes, site.paddings, strict=True)
        for axis in padding
    }
    repeated: dict[int, tuple[int, ...]] = {}
    for place, (shape, padding) in enumerate(zip(shapes, site.paddings, strict=True)):
        axes = tuple(axis for one in out if (axis := one - rank + len(shape)) >= 0 and shape[axis] != 1)
        missing = tuple(axis for axis in axes if axis not in padding)
        if missing and not site.stored[place]:
            return None
        if missing:
            repeated[place] = missing
    return Kept((out,), repeated=repeated)


def _softmax(site: Site) -> Kept | None:
    axis = int(site.attrs.get("axis", -1)) % len(site.shape(0))
    out = {one: one == axis for one in site.paddings[0]}
    return Kept((out,), masked=axis if axis in out else None)


def _matmul(site: Site) -> Kept | None:
    """Rows of the left and columns of the right go through; what is summed over must be zero on one side."""
    (left, right), (rows, columns) = (site.shape(0), site.shape(1)), site.paddings
    if min(len(left), len(right)) < 2:
        return None
    rank = max(len(left), len(right))
    summed = (len(left) - 1 in rows, len(right) - 2 in columns)
    if any(summed) and not (all(summed) and (rows[len(left) - 1] or columns[len(right) - 2])):
        return None
    out: dict[int, bool] = {}
    for shape, padding, other, paddings in ((left, rows, right, columns), (right, columns, left, rows)):
        for axis in padding:
            at = axis + rank - len(shape)
            if at < rank - 2:  # one matrix each: the other side has one for all, or as many
                beside = at - rank + len(other)
                if beside >= 0 and other[beside] != 1 and beside not in paddings:
                    return None
                out[at] = False
    if len(left) - 2 in rows:
        out[rank - 2] = False
    if len(right) - 1 in columns:
        out[rank - 1] = False
    return Kept((out,))


def _gemm(site: Site) -> Kept | None:
    added = site.inputs[2] if len(site.inputs) > 2 else None
    if site.attrs.get("transA", 0) or set(site.paddings[0]) != {0} or not site.only_first:
        return None
    return Kept(({0: False},)) if not added or len(added) < 2 or added[0] == 1 else None


def _layer_norm(site: Site) -> Kept | None:
    first = int(site.attrs.get("axis", -1)) % len(site.shape(0))
    alone = len(site.outputs) == 1 and site.only_first
    return Kept((_anything(site.paddings[0]),)) if alone and max(site.paddings[0]) < first else None


def _batch_norm(site: Site) -> Kept | None:
    alone = len(site.outputs) == 1 and site.only_first and not site.attrs.get("training_mode", 0)
    return Kept((_anything(site.paddings[0]),)) if alone and 1 not in site.paddings[0] else None


def _reduced(site: Site) -> Kept | None:
    given, rank = site.numbers(1, "axes"), len(site.shape(0))
    if not given or not site.only_first:
        return None
    axes = {axis % rank for axis in given}
    if axes & set(site.paddings[0]):
        return None
    stay = bool(site.attrs.get("keepdims", 1))
    return Kept(({axis - (0 if stay else _before(axis, axes)): False for axis in site.paddings[0]},))


def _before(axis: int, others: set[int]) -> int:
    return sum(other < axis for other in others)


def _transposed(site: Site) -> Kept | None:
    rank = len(site.shape(0))
    order = [int(axis) for axis in site.attrs.get("perm") or range(rank)[::-1]]
    return Kept(({order.index(axis): zero for axis, zero in site.paddings[0].items()},))


def _reshaped(site: Site) -> Kept | None:
    out, after = _regrouped(site), site.outputs[0]
    if out is None or after is None:
        return None
    shape = [site.longer if axis in out else size for axis, size in enumerate(after)]
    return Kept((out,), {1: np.asarray(shape, np.int64)})


def _flattened(site: Site) -> Kept | None:
    out = _regrouped(site)
    return None if out is None else Kept((out,))


def _regrouped(site: Site) -> Padding | None:
    """Find the tokens behind a change of shape, where they must be an axis of their own."""
    before, after = site.shape(0), site.outputs[0]
    if after is None or not site.only_first:
        return None
    out: dict[int, bool] = {}
    for axis, zero in site.paddings[0].items():
        front = math.prod(before[:axis])
        fits = (k for k, size in enumerate(after) if size == site.tokens and math.prod(after[:k]) == front)
        at = next(fits, None)
        if at is None:
            return None
        out[at] = zero
    return out


def _squeezed(site: Site) -> Kept | None:
    given, rank = site.numbers(1, "axes"), len(site.shape(0))
    axes = (
        {k for k, size in enumerate(site.shape(0)) if size == 1}
        if given is None
        else {a % rank for a in given}
    )
    return Kept(({axis - _before(axis, axes): zero for axis, zero in site.paddings[0].items()},))


def _unsqueezed(site: Site) -> Kept | None:
    given = site.numbers(1, "axes")
    if given is None:
        return None
    rank = len(site.shape(0)) + len(given)
    new = {axis % rank for axis in given}
    old = [axis for axis in range(rank) if axis not in new]
    return Kept(({old[axis]: zero for axis, zero in site.paddings[0].items()},))


def _split(site: Site) -> Kept | None:
    axis = int(site.attrs.get("axis", 0)) % len(site.shape(0))
    return None if axis in site.paddings[0] else Kept((site.paddings[0],) * len(site.outputs))


def _sliced(site: Site) -> Kept | None:
    starts, rank = site.numbers(1, "starts"), len(site.shape(0))
    axes = site.numbers(3, "axes") or (None if starts is None else list(range(len(starts))))
    if axes is None or {axis % rank for axis in axes} & set(site.paddings[0]):
        return None
    return Kept((site.paddings[0],))


def _gathered(site: Site) -> Kept | None:
    """Pick by place: tokens are the same ones where they are counted from the front."""
    axis, padding = int(site.attrs.get("axis", 0)) % len(site.shape(0)), site.paddings[0]
    picked = site.values[1]
    if picked is None or not site.only_first:
        return None
    if axis in padding and not bool((picked >= 0).all()):
        return None
    return Kept(
        (
            {
                one if one < axis else one + picked.ndim - 1: zero
                for one, zero in padding.items()
                if one != axis
            },
        )
    )


def _concatenated(site: Site) -> Kept | None:
    axis = int(site.attrs["axis"]) % len(site.shape(0))
    out = {one for padding in site.paddings for one in padding}
    if axis in out:
        return None
    missing = {place: tuple(out - set(padding)) for place, padding in enumerate(site.paddings)}
    repeated = {place: axes for place, axes in missing.items() if axes}
    if not all(site.stored[place] for place in repeated):
        return None
    zeros = {one: all(padding.get(one, False) for padding in site.paddings) for one in out}
    return Kept((zeros,), repeated=repeated)


RULES: dict[str, Callable[[Site], Kept | None]] = {
    **dict.fromkeys(POINTWISE, _pointwise),
    **dict.fromkeys(SAME, _same),
    "Softmax": _softmax,
    "MatMul": _matmul,
    "Gemm": _gemm,
    "LayerNormalization": _layer_norm,
    "RMSNormalization": _layer_norm,
    **dict.fromkeys((op for op in BY_NUMBERS if op.startswith("Reduce")), _reduced),
    "BatchNormalization": _batch_norm,
    "Transpose": _transposed,
    "Flatten": _flattened,
    "Reshape": _reshaped,
    "Squeeze": _squeezed,
    "Unsqueeze": _unsqueezed,
    "Split": _split,
    "Slice": _sliced,
    "Gather": _gathered,
    "Concat": _concatenated,
}
