"""The figures of a page as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import altair as alt
import vl_convert as vlc

from dsim.files import make_folder, write_atomic
from dsim.report.page.page import Page
from dsim.report.page.parts import Figure, Panel
from dsim.report.page.render import VEGA_LITE
from dsim.report.page.theme import PAPER

SCALE = 2.0
WIDTH = 900  # pixels of one row of panels, before scaling


def write_figures(page: Page, folder: Path) -> tuple[Path, ...]:
    """Write every figure, named by its key; of several parts, each into a folder of its own.

    Raises
    ------
    FileAccessError
        The folder cannot be written.
    """
    out = []
    for part in page.parts:
        inside = folder / f"{part.key}-{part.title}" if len(page.parts) > 1 else folder
        make_folder(inside)
        for section in part.sections:
            for figure in section.figures:
                path = inside / f"{figure.key}.png"
                write_atomic(path, figure_png(figure))
                out.append(path)
    return tuple(out)


def figure_png(figure: Figure) -> bytes:
    """Draw one figure with its title, on white."""
    columns = min(figure.columns, len(figure.panels))
    panels = [_sized(panel, WIDTH // columns) for panel in figure.panels]
    whole = (
        panels[0]
        if len(panels) == 1
        else alt.concat(*panels, columns=columns).resolve_scale(
            color="shared", x="independent", y="independent"
        )
    )
    spec: dict[str, Any] = whole.properties(
        title=alt.Title(figure.title, fontSize=15, fontWeight="bold", offset=14)
    ).to_dict()
    spec.pop("config", None)
    return bytes(
        vlc.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=SCALE, config={**PAPER, "padding": 12})
    )


def _sized(panel: Panel, width: int) -> Any:
    chart = panel.chart.properties(title=panel.title) if panel.title else panel.chart
    if panel.cell:
        return chart.properties(width=alt.Step(panel.cell[0]), height=alt.Step(panel.cell[1]))
    return chart.properties(width=width, height=panel.height)
