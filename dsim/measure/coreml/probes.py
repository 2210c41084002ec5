"""The probes that phones' engines lack: blocks that differ in norm or activation alone, small maps among them.

No published pair tells what a norm costs on an Apple or Qualcomm engine, or what an activation costs at small maps. The blocks are
those of `dsim.measure.contrast`; each is written at two numbers of copies, and the difference is blocks and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsim.graph import Graph
from dsim.measure.contrast import (
    COPIES,
    NORMS,
    PLAIN,
    SHAPES,
    VARIANTS,
    BlockOptions,
    Shape,
    block_graph,
    block_key,
)

SMALL = 14  # maps up to this side have every activation; larger ones have the norms


@dataclass(frozen=True)
class Probe:
    """Some copies of one block."""

    variant: BlockOptions
    shape: Shape
    copies: int

    @property
    def name(self) -> str:
        """A name of its own."""
        return f"{self.block.partition('@')[0]}-x{self.copies}"

    @property
    def block(self) -> str:
        """Key of the block's graph."""
        return block_key(self.variant, self.shape)

    def graph(self, copies: int | None = None) -> Graph:
        """Return the graph of its copies, or of another number of them."""
        return block_graph(self.variant, self.shape, copies or self.copies)


def probes() -> tuple[Probe, ...]:
    """Return all probes, the smallest maps first, and what others are compared with before them."""
    return tuple(
        Probe(variant, shape, copies)
        for shape in sorted(SHAPES)
        for variant in VARIANTS
        if shape.size <= SMALL or (variant.activation is PLAIN.activation and variant.norm in NORMS)
        for copies in COPIES
    )
