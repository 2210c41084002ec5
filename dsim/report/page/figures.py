"""The figures of a page as PNG or SVG files."""

from __future__ import annotations

import html
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import vl_convert as vlc

from dsim.files import make_folder, write_atomic
from dsim.report.page.page import Page
from dsim.report.page.parts import Figure
from dsim.report.page.render import VEGA_LITE, plain_spec, sized
from dsim.report.page.theme import PAPER

Form = Literal["png", "svg"]
LOOK = {**PAPER, "padding": 12}  # on white
SCALE = 2.0  # of a PNG
WIDTH = 900  # pixels of one row of panels, before scaling
LETTER = 7.2  # pixels of a letter of a panel's title: a longer title would push the next panel away


def write_figures(page: Page, folder: Path, form: Form = "png") -> tuple[Path, ...]:
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
                path = inside / f"{figure.key}.{form}"
                write_atomic(path, DRAWN[form](figure_spec(figure)))
                out.append(path)
    return tuple(out)


def figure_spec(figure: Figure) -> dict[str, Any]:
    """Return the Vega-Lite of one figure with its title."""
    columns = min(figure.columns, len(figure.panels))
    title = {"text": figure.title, "fontSize": 15, "fontWeight": "bold", "offset": 14}
    if len(figure.panels) == 1:  # its size is its own, so that what depends on its width is right
        (panel,) = figure.panels
        size = sized(panel) or {"width": WIDTH, "height": panel.height}
        return {**plain_spec(panel), **size, "title": title}
    views: list[dict[str, Any]] = []
    data: dict[str, Any] = {}
    for panel in figure.panels:
        view = plain_spec(panel)
        data |= view.pop("datasets", {})  # which Vega-Lite reads at the top alone
        size = sized(panel) or {"width": WIDTH // columns, "height": panel.height}
        lines = textwrap.wrap(panel.title, int(WIDTH / columns / LETTER))
        views.append({**view, **({"title": lines} if lines else {}), **size})
    resolve = {"scale": {"color": "shared", "x": "independent", "y": "independent"}}
    return {"concat": views, "columns": columns, "resolve": resolve, "datasets": data, "title": title}


def _png(spec: dict[str, Any]) -> bytes:
    return bytes(vlc.vegalite_to_png(spec, vl_version=VEGA_LITE, scale=SCALE, config=LOOK))


def _svg(spec: dict[str, Any]) -> bytes:
    """Draw a figure as a picture with one description: those of its thousand marks would be most of the file."""
    drawn = str(vlc.vegalite_to_svg(spec, vl_version=VEGA_LITE, config=LOOK))
    bare = re.sub(r' (?:aria-[a-z]+|role)="[^"]*"', "", drawn)
    title = html.escape(spec["title"]["text"])
    return bare.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1).encode("utf-8")


DRAWN: dict[Form, Callable[[dict[str, Any]], bytes]] = {"png": _png, "svg": _svg}
