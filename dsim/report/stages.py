"""The stages of a design in words, row by row, for the terminal and for the page."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from dsim.arch import Arch, Mixer, Stage
from dsim.arch.lower import map_size
from dsim.search.result import NotIdentified

COLUMNS = ("stage", "map", "width", "blocks", "MLP ratio", "activation", "norm")


Sides = tuple[int, int]  # height and width of the image of a backbone; a classifier's is square


def px_words(arch: Arch, image: Sides | None = None) -> str:
    """Return the size of the image that a design is priced for: ``224 px``, or ``512x640 px`` of a backbone."""
    return f"{arch.resolution} px" if image is None else f"{image[0]}x{image[1]} px"


def design_words(arch: Arch, image: Sides | None = None) -> str:
    """Return what holds for a whole design: size of the image, stem, activations and norms."""
    blocks = [block for stage in arch.stages for block in stage.blocks]
    plain = [block for block in blocks if block.mixer is not Mixer.ATTENTION] or blocks
    return (
        f"{px_words(arch, image)}, stem {arch.stem}, MLP ratio {_once(f'{ratio:g}' for ratio in sorted(block.mlp_ratio for block in blocks))}, "
        f"activation {_once(str(block.activation) for block in blocks)}, norm {_once(str(block.norm) for block in plain)}"
    )


def stages_words(arch: Arch) -> str:
    """Return a design's stages in a line: ``56 channels (4 conv7), 64 (3 pooling)``."""
    first, *rest = stage_mixers(arch)
    return ", ".join(
        [f"{first[0]} channels ({first[1]})", *(f"{width} ({mixers})" for width, mixers in rest)]
    )


def stage_mixers(arch: Arch) -> list[tuple[int, str]]:
    """Return the channels of each stage, and its blocks in words: ``7 conv3 + 1 attention_v2``."""
    return [(stage.width, _runs(stage)) for stage in arch.stages]


def map_words(arch: Arch, stage: int, image: Sides | None = None) -> str:
    """Return the height and width of the map in stage 0, 1, 2 or 3: ``14 x 14``."""
    return " x ".join(str(map_size(side, stage)) for side in image or (arch.resolution, arch.resolution))


def stage_rows(arch: Arch, image: Sides | None = None) -> list[tuple[str, ...]]:
    """Return a row of `COLUMNS` for each stage; ``image`` is that of a backbone."""
    rows: list[tuple[str, ...]] = []
    for index, stage in enumerate(arch.stages):
        plain = [block for block in stage.blocks if block.mixer is not Mixer.ATTENTION] or list(stage.blocks)
        rows.append(
            (
                str(index + 1),
                map_words(arch, index, image),
                str(stage.width),
                _runs(stage),
                _once(f"{block.mlp_ratio:g}" for block in stage.blocks),
                _once(str(block.activation) for block in stage.blocks),
                _once(str(block.norm) for block in plain),
            )
        )
    return rows


def not_searched(left_out: NotIdentified) -> str:
    """Say which values of a choice a search left out, and why."""
    others = " and ".join(left_out.dropped)
    return f"{left_out.choice} {others}: no price beside {left_out.kept} is known, because {left_out.why}."


def _runs(stage: Stage) -> str:
    runs = itertools.groupby(block.mixer for block in stage.blocks)
    return " + ".join(f"{len(list(run))} {mixer}" for mixer, run in runs)


def _once(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
