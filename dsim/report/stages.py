"""The stages of a design in words, row by row, for the terminal and for the page."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from dsim.arch import Arch, Mixer

COLUMNS = ("stage", "map", "width", "blocks", "MLP ratio", "activation", "norm")


def stage_rows(arch: Arch) -> list[tuple[str, ...]]:
    """Return a row of `COLUMNS` for each stage."""
    rows: list[tuple[str, ...]] = []
    for index, stage in enumerate(arch.stages):
        runs = [
            (mixer, len(list(run))) for mixer, run in itertools.groupby(block.mixer for block in stage.blocks)
        ]
        plain = [block for block in stage.blocks if block.mixer is not Mixer.ATTENTION] or list(stage.blocks)
        size = arch.map_size(index)
        rows.append(
            (
                str(index + 1),
                f"{size} x {size}",
                str(stage.width),
                " + ".join(f"{count} {mixer}" for mixer, count in runs),
                _once(f"{block.mlp_ratio:g}" for block in stage.blocks),
                _once(str(block.activation) for block in stage.blocks),
                _once(str(block.norm) for block in plain),
            )
        )
    return rows


def _once(values: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(values))
