"""A design in a few lines on the terminal: what holds for all of it, then its stages."""

from __future__ import annotations

from rich.text import Text

from dsim.arch import Arch
from dsim.report.console import headed, plain
from dsim.report.stages import Sides, design_words, stage_mixers


def design_lines(head: str, arch: Arch, width: int, image: Sides | None = None) -> list[Text]:
    """Return a design under a few bold words; ``image`` is that of a backbone."""
    stages = [
        plain(f"stage {number}: {channels:4} channels, {mixers}", width, 2)
        for number, (channels, mixers) in enumerate(stage_mixers(arch), 1)
    ]
    return [*headed(head, design_words(arch, image), width), *(line for stage in stages for line in stage)]
