"""Draw a design: its stages side by side, each block a bar that is as high as the stage has channels."""

from __future__ import annotations

from textwrap import wrap

from dsim.arch import Arch
from dsim.report.colours import MIXERS
from dsim.report.glossary import BLOCKS, STEMS
from dsim.report.stages import stage_rows
from dsim.report.svg import LETTER, Canvas, Drawing

WIDTH = 960
MARGIN = 24
TALLEST = 190  # pixels of the widest stage
COLUMN = (WIDTH - 2 * MARGIN) / 4
TOP = 84  # above the tallest bar
LINE = 17
LINES = 5  # under each stage, its heading among them


def draw_stages(arch: Arch, name: str) -> Drawing:
    """Draw the stages and blocks of a design.

    Parameters
    ----------
    name
        What to call it.
    """
    title = f"{name}: {arch.resolution} px, {len([b for s in arch.stages for b in s.blocks])} blocks"
    used = {block.mixer for stage in arch.stages for block in stage.blocks}
    legend = {BLOCKS[mixer]: colour for mixer, colour in MIXERS.items() if mixer in used}
    floor = TOP + TALLEST
    canvas = Canvas(WIDTH, floor + 20 + LINES * LINE + 22 + 20 * len(legend), title)
    canvas.text(MARGIN, 30, title, 16, "strong")
    canvas.text(
        MARGIN, 52, f"Stem {arch.stem}: {STEMS[arch.stem]}. Head: {arch.head.describe()}.", 12, "faint"
    )
    widest = max(stage.width for stage in arch.stages)
    for index, (stage, said) in enumerate(zip(arch.stages, stage_rows(arch), strict=True)):
        left = MARGIN + index * COLUMN
        high = TALLEST * stage.width / widest
        step = (COLUMN - 18) / stage.depth
        canvas.text(left, floor - high - 8, f"{stage.width} channels", 12, "strong")
        for number, block in enumerate(stage.blocks):
            tip = (
                f"stage {index + 1}, block {number + 1} of {stage.depth}: {block.mixer}, MLP ratio {block.mlp_ratio:g} "
                f"({block.hidden(stage.width)} channels), {block.activation}, {block.norm}"
            )
            canvas.box(left + number * step, floor - high, step * 0.88, high, MIXERS[block.mixer], tip)
        _, size, _, blocks, ratio, activation, norm = said
        lines = [*_folded(blocks), *_folded(f"MLP ratio {ratio}"), *_folded(f"{activation}; {norm} norm")]
        canvas.text(left, floor + 20, f"Stage {index + 1}: {size}", 12, "strong")
        for number, line in enumerate(lines[: LINES - 1]):
            canvas.text(left, floor + 20 + (number + 1) * LINE, line, 12)
    canvas.rule(MARGIN, floor + 0.5, WIDTH - MARGIN, floor + 0.5)
    at = floor + 20 + LINES * LINE + 6
    for words, colour in legend.items():
        canvas.legend(MARGIN, at, {words: colour})
        at += 20
    return canvas.finish()


def _folded(words: str) -> list[str]:
    return wrap(words, int((COLUMN - 12) / (LETTER * 12)))
