"""Stage diagrams: a bar for each block, as high as the stage is wide, coloured by its token mixer."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from dsim.arch import Arch, Mixer
from dsim.report.colours import MIXERS
from dsim.report.page.marks import Row, inline, layered, tips
from dsim.report.page.parts import ChartPanel, Figure
from dsim.report.stages import COLUMNS, Sides, px_words, stage_rows
from dsim.report.table import TableData, table

Design = tuple[str, Arch]


def stages_figure(
    designs: Sequence[Design], key: str = "stages", title: str = "", image: Sides | None = None
) -> Figure:
    """Draw designs side by side, on one scale of widths.

    Parameters
    ----------
    designs
        (what to call it, the design).
    image
        Height and width of the image of backbones.
    """
    widest = max(stage.width for _, arch in designs for stage in arch.stages)
    used = [
        m for m in Mixer if any(b.mixer is m for _, arch in designs for s in arch.stages for b in s.blocks)
    ]
    return Figure(
        key,
        title or "Best designs, stage by stage",
        "Each bar is a block, as high as its stage has channels, with the colour of its token mixer. Above it: size of the map and "
        "channels, MLP ratio, activation and norm.",
        tuple(
            ChartPanel(_skyline(arch, widest, used, image), _head(name, arch, image), 190)
            for name, arch in designs
        ),
        _stages_table(designs, image),
        wide=320,
    )


def _head(name: str, arch: Arch, image: Sides | None) -> str:
    return f"{name}: {px_words(arch, image)}, stem {arch.stem}"


def _skyline(arch: Arch, widest: int, used: Sequence[Mixer], image: Sides | None) -> alt.LayerChart:
    blocks: list[Row] = []
    labels: list[Row] = []
    said = stage_rows(arch, image)
    for index, stage in enumerate(arch.stages):
        step = 0.92 / stage.depth
        for number, block in enumerate(stage.blocks):
            blocks.append(
                {
                    "from": index + 0.04 + number * step,
                    "to": index + 0.04 + (number + 0.9) * step,
                    "width": stage.width,
                    "zero": 0,
                    "mixer": str(block.mixer),
                    "stage": f"{index + 1}, block {number + 1} of {stage.depth}",
                    "mlp": f"{block.mlp_ratio:g} ({block.hidden(stage.width)} channels)",
                    "activation": str(block.activation),
                    "norm": str(block.norm),
                }
            )
        lines = (
            f"{said[index][1].replace(' ', '')}, {stage.width}",
            f"MLP {said[index][4]}",
            *said[index][5:],
        )
        labels += [{"at": index + 0.5, "line": n, "text": text} for n, text in enumerate(lines)]
    x = alt.X("from:Q", title=None, axis=None, scale=alt.Scale(domain=[0, len(arch.stages)], nice=False))
    y = alt.Y(
        "width:Q",
        title="channels",
        scale=alt.Scale(domain=[0, widest * 1.75], nice=False),
        axis=alt.Axis(values=_ticks(widest)),
    )
    color = alt.Color(
        "mixer:N",
        title=None,
        scale=alt.Scale(domain=[str(m) for m in used], range=[MIXERS[m] for m in used]),
        legend=alt.Legend(columns=4),
    )
    bars = (
        alt.Chart(inline(blocks))
        .mark_rect()
        .encode(
            x=x,
            x2="to:Q",
            y=y,
            y2="zero:Q",
            color=color,
            tooltip=tips(
                stage="stage",
                mixer="token mixer",
                width="channels",
                mlp="MLP ratio",
                activation="activation",
                norm="norm",
            ),
        )
    )
    words = [
        alt.Chart(inline([row for row in labels if row["line"] == n]))
        .mark_text(fontSize=10 if n == 0 else 9, fontWeight="bold" if n == 0 else "normal", baseline="top")
        .encode(x=alt.X("at:Q"), y=alt.value(4 + 13 * n), text="text:N")
        for n in range(4)
    ]
    return layered(bars, *words)


def _ticks(widest: int) -> list[int]:
    step = 100 if widest <= 350 else 200
    return list(range(0, widest + 1, step))


def _stages_table(designs: Sequence[Design], image: Sides | None) -> TableData:
    rows = [(name, *row) for name, arch in designs for row in stage_rows(arch, image)]
    return table("Stage by stage", ("design", *COLUMNS), rows, numbers=("map", "width"))
