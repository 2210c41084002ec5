"""From a design to ops: parts, pieces and graphs."""

from dsim.arch.lower.cut import block_parts, head_part, map_size, stem_part, transition_part
from dsim.arch.lower.parts import IMAGE_CHANNELS, BlockPart, HeadPart, Part, StemPart, TransitionPart
from dsim.arch.lower.pieces import Piece, graph_of_parts, part_graph

__all__ = [
    "IMAGE_CHANNELS",
    "BlockPart",
    "HeadPart",
    "Part",
    "Piece",
    "StemPart",
    "TransitionPart",
    "block_parts",
    "graph_of_parts",
    "head_part",
    "map_size",
    "part_graph",
    "stem_part",
    "transition_part",
]
