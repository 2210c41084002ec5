"""Pieces of a design and its whole graph.

No fusion pass reaches across the border of two parts: a block reads its input at least twice (the residual), so that its
first op cannot move into the part before; a transition begins with a convolution and a head with a norm behind a sum,
which no pass moves either. So the kernels of the whole are the kernels of the pieces, and whatever adds up over kernels
can be worked out once per piece.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from dsim.arch.lower.parts import BlockPart, Part
from dsim.arch.lower.pen import Pen
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


def graph_of_parts(parts: Iterable[tuple[str, Part]], image: tuple[int, ...]) -> Graph:
    """Make the graph of parts that run one after the other, each with its scope.

    Parameters
    ----------
    image
        Shape of the input, (batch, 3, height, width). The parts are those of a square image of that height.
    """
    height, width = image[2:]
    builder = GraphBuilder()
    x = builder.input(image)
    for scope, part in parts:
        if height != width and isinstance(part, BlockPart):
            x = replace(part, columns=part.size * width // height).write(Pen(builder, scope), x)
        else:
            x = part.write(Pen(builder, scope), x)
    return builder.build(x)
