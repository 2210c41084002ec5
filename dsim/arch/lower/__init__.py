"""From a design to ops: parts, pieces and graphs."""

from dsim.arch.lower.cut import block_parts, cut, head_part, stem_part, transition_part
from dsim.arch.lower.parts import BlockPart, HeadPart, Part, StemPart, TransitionPart
from dsim.arch.lower.pieces import Piece, arch_graph, part_graph, pieces

__all__ = [
    "BlockPart",
    "HeadPart",
    "Part",
    "Piece",
    "StemPart",
    "TransitionPart",
    "arch_graph",
    "block_parts",
    "cut",
    "head_part",
    "part_graph",
    "pieces",
    "stem_part",
    "transition_part",
]
