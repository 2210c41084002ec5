"""Networks that differ in one choice alone: copies of one block, with each activation and each norm.

The blocks are EfficientFormer's own: pooling, then an MLP of ratio 4, each with its residual. A network is nothing but its
copies, so that the difference between two numbers of copies is blocks and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from dsim.arch import Activation, Mixer, Norm
from dsim.arch.lower import BlockPart
from dsim.arch.lower.pen import Pen
from dsim.graph import Graph, GraphBuilder
from dsim.graph.key import NetworkKey
from dsim.measure.planned import Planned

MLP_RATIO = 4
COPIES = (1, 4)
ACTIVATIONS = (Activation.RELU, Activation.GELU, Activation.SILU, Activation.HARDSWISH)
NORMS = (Norm.BATCH, Norm.LAYER, Norm.GROUP)


@dataclass(frozen=True, order=True)
class Shape:
    """Height and width of a map, and its channels."""

    size: int
    width: int

    def __str__(self) -> str:
        """Return the shape as height x width x channels."""
        return f"{self.size}x{self.size}x{self.width}"


# of stages 2 to 4 at 224 pixels; a block has as many multiply-accumulates in each
SHAPES = (Shape(14, 192), Shape(28, 96), Shape(7, 384))


@dataclass(frozen=True)
class BlockOptions:
    """What may differ between blocks."""

    activation: Activation
    norm: Norm

    def __str__(self) -> str:
        """Return both as norm and activation, part of a key."""
        return f"{self.norm}-{self.activation}"


PLAIN = BlockOptions(Activation.RELU, Norm.BATCH)
# activations behind batch norm, norms before ReLU
VARIANTS = tuple(
    dict.fromkeys(
        (
            *(BlockOptions(one, PLAIN.norm) for one in ACTIVATIONS),
            *(BlockOptions(PLAIN.activation, one) for one in NORMS),
        )
    )
)


@dataclass(frozen=True)
class Pair:
    """A choice, ``kind:from>to``, and the two variants that differ in it."""

    choice: str
    a: BlockOptions
    b: BlockOptions


PAIRS = (
    *(
        Pair(f"activation:{a}>{b}", BlockOptions(a, PLAIN.norm), BlockOptions(b, PLAIN.norm))
        for a, b in combinations(ACTIVATIONS, 2)
    ),
    *(
        Pair(f"norm:{a}>{b}", BlockOptions(PLAIN.activation, a), BlockOptions(PLAIN.activation, b))
        for a, b in combinations(NORMS, 2)
    ),
)


def block_key(variant: BlockOptions, shape: Shape) -> str:
    """Return the key of one block's graph."""
    return f"block-{Mixer.POOLING}-{variant}-{shape}@{shape.size}"


def block_graph(variant: BlockOptions, shape: Shape, copies: int = 1) -> Graph:
    """Return the graph of some copies of a block, one after another, from a map to a map."""
    part = BlockPart(
        Mixer.POOLING,
        shape.width,
        MLP_RATIO * shape.width,
        shape.size,
        variant.activation,
        variant.norm,
        False,
    )
    builder = GraphBuilder()
    x = builder.input(part.input_shape)
    for copy in range(copies):
        x = part.write(Pen(builder, f"blocks.{copy}"), x)
    return builder.build(x)


def chain(variant: BlockOptions, shape: Shape, copies: int) -> Planned:
    """Plan the network of some copies of a block."""
    block = NetworkKey.of(block_key(variant, shape))
    return Planned(f"{block.name}-x{copies}@{block.px}", read=block_graph(variant, shape, copies))
