"""Which inputs each output of a layer sees, so that one layer can be held against another."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.attrs import ConvAttrs, Pair, PoolAttrs

Offsets = tuple[frozenset[int], frozenset[int]]


@dataclass(frozen=True, slots=True)
class Window:
    """What a linear layer over a map reads for one output.

    Attributes
    ----------
    offsets
        Rows and columns that it reads, counted from where the output lies times the stride; zeros stand outside the map.
    stride
        Between the places of neighbouring outputs.
    groups
        Into how many blocks its channels are cut; as many as there are channels where each sees itself alone.
    """

    offsets: Offsets
    stride: Pair
    groups: int

    def holds(self, other: Window) -> bool:
        """Tell whether some weights of a layer with this window do what a layer with the other window does."""
        return (
            self.stride == other.stride
            and all(mine >= theirs for mine, theirs in zip(self.offsets, other.offsets, strict=True))
            and other.groups % self.groups == 0
        )

    @property
    def places(self) -> int:
        """How many inputs of one channel an output sees."""
        return len(self.offsets[0]) * len(self.offsets[1])

    @property
    def is_one_place(self) -> bool:
        """True for a layer that sees nothing but its own place, at stride 1."""
        return self.stride == (1, 1) and self.offsets == (frozenset({0}), frozenset({0}))


def of_conv(attrs: ConvAttrs) -> Window:
    """Return the window of a convolution."""
    rows, columns = (
        frozenset(d * step - p for step in range(k))
        for k, p, d in zip(attrs.kernel, attrs.padding, attrs.dilation, strict=True)
    )
    return Window((rows, columns), attrs.stride, attrs.groups)


def of_pool(attrs: PoolAttrs, channels: int) -> Window | None:
    """Return the window of average pooling; None where what it divides by differs at the border."""
    if attrs.ceil_mode or (any(attrs.padding) and not attrs.count_include_pad):
        return None
    rows, columns = (
        frozenset(step - p for step in range(k)) for k, p in zip(attrs.kernel, attrs.padding, strict=True)
    )
    return Window((rows, columns), attrs.stride, channels)


def of_identity(channels: int) -> Window:
    """Return the window of what changes each place and channel by itself."""
    return Window((frozenset({0}), frozenset({0})), (1, 1), channels)
