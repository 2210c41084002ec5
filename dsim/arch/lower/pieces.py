"""Pieces of a design and its whole graph.

No fusion pass reaches across the border of two parts: a block reads its input at least twice (the residual), so that its
first op cannot move into the part before; a transition begins with a convolution and a head with a norm behind a sum,
which no pass moves either. So the kernels of the whole are the kernels of the pieces, and whatever adds up over kernels
can be worked out once per piece.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from dsim.arch.arch import Arch
from dsim.arch.lower.cut import cut
from dsim.arch.lower.parts import IMAGE_CHANNELS, BlockPart, Part
from dsim.arch.lower.pen import Pen
from dsim.errors import InvalidValueError
from dsim.graph import Graph, GraphBuilder


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of a design.

    Attributes
    ----------
    key
        Hashable; equal keys have equal graphs, wherever they stand and in whatever design.
    scope
        Its place: "stem", "stages.2.blocks.3", "stages.2.downsample", "head".
    """

    key: Part
    scope: str

    @property
    def graph(self) -> Graph:
        """The ops of the piece alone, made once per key; its scopes are empty."""
        return part_graph(self.key)


@lru_cache(maxsize=8192)
def part_graph(part: Part) -> Graph:
    """Make the graph of one part."""
    builder = GraphBuilder()
    x = builder.input(part.input_shape)
    return builder.build(part.write(Pen(builder, ""), x))


def pieces(arch: Arch) -> tuple[Piece, ...]:
    """Cut a design into stem, blocks, transitions and head, in the order in which they run."""
    return tuple(Piece(part, scope) for scope, part in cut(arch))


def arch_graph(arch: Arch, input_shape: tuple[int, ...] | None = None) -> Graph:
    """Make the graph of a whole design.

    Parameters
    ----------
    input_shape
        (batch, 3, height, width), where both sides are multiples of 32; None for one image at the design's resolution.

    Raises
    ------
    InvalidValueError
        The design cannot take that input.
    """
    shape = (1, IMAGE_CHANNELS, arch.resolution, arch.resolution) if input_shape is None else input_shape
    if len(shape) != 4 or shape[1] != IMAGE_CHANNELS:
        raise InvalidValueError(
            f"a design takes images of {IMAGE_CHANNELS} channels, batch first, got {'x'.join(map(str, shape))}; "
            f"give for example 1x{IMAGE_CHANNELS}x{arch.resolution}x{arch.resolution}"
        )
    height, width = shape[2:]
    replace(arch, resolution=width)  # refuses a side that a design cannot have
    builder = GraphBuilder()
    x = builder.input(tuple(shape))
    for scope, part in cut(replace(arch, resolution=height)):
        if height != width and isinstance(part, BlockPart):
            x = replace(part, columns=part.size * width // height).write(Pen(builder, scope), x)
        else:
            x = part.write(Pen(builder, scope), x)
    return builder.build(x)
