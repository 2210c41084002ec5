"""Arch: what a design is, how it is written down, and which ops it runs."""

from dsim.arch.arch import Arch
from dsim.arch.backbone import backbone_graph, backbone_parts, backbone_pieces, read_sides
from dsim.arch.block import Block
from dsim.arch.choices import Activation, Downsample, Mixer, Norm, Stem
from dsim.arch.head import Head
from dsim.arch.lower import Piece
from dsim.arch.presets import PRESETS, get_preset
from dsim.arch.stage import Stage

__all__ = [
    "PRESETS",
    "Activation",
    "Arch",
    "Block",
    "Downsample",
    "Head",
    "Mixer",
    "Norm",
    "Piece",
    "Stage",
    "Stem",
    "backbone_graph",
    "backbone_parts",
    "backbone_pieces",
    "get_preset",
    "read_sides",
]
