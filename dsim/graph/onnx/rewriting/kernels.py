"""What a branch of linear layers does, as one convolution: its weights, and the shift that it adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dsim.attrs import ConvAttrs, PoolAttrs

Array = np.ndarray[Any, Any]
Offsets = tuple[tuple[int, ...], tuple[int, ...]]
HERE: Offsets = ((0,), (0,))


@dataclass(frozen=True, eq=False)
class Kernel:
    """A convolution by what it reads.

    Attributes
    ----------
    weight
        Shape (out, in / groups, rows, columns), in float64.
    shift
        Shape (out,).
    offsets
        Rows and columns that it reads, counted from where the output lies.
    groups
        Into how many blocks its channels are cut.
    """

    weight: Array
    shift: Array
    offsets: Offsets
    groups: int

    @property
    def is_one_place(self) -> bool:
        """True where it reads its own place alone."""
        return self.offsets == HERE


def identity(channels: int) -> Kernel:
    """Return what leaves everything as it is."""
    return Kernel(np.ones((channels, 1, 1, 1)), np.zeros(channels), HERE, channels)


def of_conv(attrs: ConvAttrs, weight: Array, bias: Array | None) -> Kernel:
    """Return a convolution's kernel."""
    shift = np.zeros(len(weight)) if bias is None else bias.astype(np.float64)
    return Kernel(
        weight.astype(np.float64), shift, _offsets(attrs.kernel, attrs.padding, attrs.dilation), attrs.groups
    )


def of_pool(attrs: PoolAttrs, channels: int) -> Kernel:
    """Return the kernel of average pooling that counts the zeros at the border."""
    rows, columns = attrs.kernel
    weight = np.full((channels, 1, rows, columns), 1.0 / (rows * columns))
    return Kernel(weight, np.zeros(channels), _offsets(attrs.kernel, attrs.padding, (1, 1)), channels)


def _offsets(kernel: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int]) -> Offsets:
    rows, columns = (
        tuple(step * d - p for step in range(k)) for k, p, d in zip(kernel, padding, dilation, strict=True)
    )
    return rows, columns


def scaled(kernel: Kernel, scale: Array, shift: Array) -> Kernel:
    """Return a kernel whose results are scaled and shifted by channel."""
    return Kernel(
        kernel.weight * scale[:, None, None, None],
        kernel.shift * scale + shift,
        kernel.offsets,
        kernel.groups,
    )


def chained(first: Kernel, second: Kernel) -> Kernel | None:
    """Return two kernels in a row as one; None where both see more than one place."""
    if not (first.is_one_place or second.is_one_place):
        return None
    channels = len(first.weight)
    if first.groups == channels == first.weight.shape[1] * first.groups:
        groups = second.groups  # each channel by itself: a scale
    else:
        groups = first.groups if first.groups == second.groups else 1
    one, two = spread(first, groups), spread(second, groups)
    outs, ins = len(two.weight) // groups, one.weight.shape[1]
    a = one.weight.reshape(groups, len(one.weight) // groups, ins, *one.weight.shape[2:])
    b = two.weight.reshape(groups, outs, two.weight.shape[1], *two.weight.shape[2:])
    weight = np.einsum("gmirc,gomhw->goirhcw", a, b)
    rows, columns = (max(len(x), len(y)) for x, y in zip(one.offsets, two.offsets, strict=True))
    whole = weight.reshape(len(two.weight), ins, rows, columns)
    shift = two.shift + two.weight.sum((2, 3)).reshape(groups, outs, -1).__matmul__(
        one.shift.reshape(groups, -1, 1)
    ).reshape(-1)
    return Kernel(whole, shift, one.offsets if two.is_one_place else two.offsets, groups)


def spread(kernel: Kernel, groups: int) -> Kernel:
    """Return the same with channels cut into fewer blocks, zeros between what was apart."""
    if groups == kernel.groups:
        return kernel
    outs, ins = kernel.weight.shape[:2]
    wide = ins * kernel.groups // groups
    weight = np.zeros((outs, wide, *kernel.weight.shape[2:]))
    for out in range(outs):
        start = (out // (outs // kernel.groups)) * ins - (out // (outs // groups)) * wide
        weight[out, start : start + ins] = kernel.weight[out]
    return Kernel(weight, kernel.shift, kernel.offsets, groups)


def summed(host: Kernel, others: list[Kernel]) -> Kernel:
    """Return a kernel that does what all of them do together; the first sees all places that the others see."""
    weight, shift = host.weight.copy(), host.shift.copy()
    rows, columns = host.offsets
    for other in others:
        same = spread(other, host.groups)
        places = np.ix_(
            [rows.index(row) for row in same.offsets[0]], [columns.index(one) for one in same.offsets[1]]
        )
        weight[:, :, places[0], places[1]] += same.weight
        shift += same.shift
    return Kernel(weight, shift, host.offsets, host.groups)
