"""The figures of a page as PNG files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import vl_convert as vlc

from dsim.files import make_folder, write_atomic
from dsim.report.page.page import Page
from dsim.report.page.parts import Figure
from dsim.report.page.render import VEGA_LITE, plain_spec, sized
from dsim.report.page.theme import PAPER

SCALE = 2.0
WIDTH = 900  # pixels of one row of panels, before scaling


def write_figures(page: Page, folder: Path) -> tuple[Path, ...]:
    """Write every figure, named by its key; where there are several parts, each into a folder of its own.

    Raises
    ------
    FileAccessError
        The folder cannot be written.
    """
    out = []
    for part in page.parts:
        inside = folder / f"{part.key}-{part.name}" if len(page.parts) > 1 else folder
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
    title = {"text": figure.title, "fontSize": 15, "fontWeight": "bold", "offset": 14}
    if len(figure.panels) == 1:  # its size is its own, so that what depends on its width is right
        (panel,) = figure.panels
        size = sized(panel) or {"width": WIDTH, "height": panel.height}
        return _drawn({**plain_spec(panel), **size, "title": title})
    views: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    for panel in figure.panels:
        view = plain_spec(panel)
        data |= view.pop("datasets", {})  # which Vega-Lite reads at the top alone
        head = {"title": panel.title} if panel.title else {}
        views.append(
            {**view, **head, **(sized(panel) or {"width": WIDTH // columns, "height": panel.height})}
        )
    resolve = {"scale": {"color": "shared", "x": "independent", "y": "independent"}}
    return _drawn({"concat": views, "columns": columns, "resolve": resolve, "datasets": data, "title": title})


def _drawn(spec: dict[str, Any]) -> bytes:
    paper = {**PAPER, "padding": 12}
    return bytes(vlc.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=SCALE, config=paper))
