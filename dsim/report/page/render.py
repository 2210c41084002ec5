"""A page as one HTML file: the template filled, charts as JSON, and Vega's JavaScript in it once."""

from __future__ import annotations

from functools import cache
from typing import Any

import altair as alt
import vl_convert as vlc
from jinja2 import Environment, PackageLoader, StrictUndefined

from dsim.report.layout import glued
from dsim.report.page.page import Page
from dsim.report.page.parts import ChartPanel, Figure, PagePart
from dsim.report.page.theme import DARK, LIGHT

SNIPPET = "window.vegaEmbed = vegaEmbed;"
TEMPLATE = "page.html.j2"
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


def render_page(page: Page) -> str:
    """Return the HTML. All text is escaped; what runs in it is Vega and the few lines of the template."""
    environment = Environment(
        loader=PackageLoader("dsim.report.page", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_held_together,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # the filter `tojson` writes <, > and & as escapes, so that no text can end the script that holds it
    environment.policies["json.dumps_kwargs"] = {
        "allow_nan": False,
        "sort_keys": True,
        "separators": (",", ":"),
    }
    environment.globals["panel_id"] = panel_id
    charts = {
        panel_id(part, figure, number): panel_spec(figure, panel)
        for part in page.parts
        for section in part.sections
        for figure in section.figures
        for number, panel in enumerate(figure.panels)
    }
    return environment.get_template(TEMPLATE).render(
        page=page, charts=charts, themes={"light": LIGHT, "dark": DARK}, vega=bundle()
    )


def _held_together(value: object) -> object:
    """Keep figures with their units, and the name of the accuracy, on one line; code is marked as safe and stays as it is."""
    return glued(value).replace("top-1", "top\N{NON-BREAKING HYPHEN}1") if type(value) is str else value


@cache
def bundle() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as JavaScript that can stand in a script element."""
    return (
        str(vlc.javascript_bundle(SNIPPET, VEGA_LITE))
        .replace("</script", "<\\/script")
        .replace("<!--", "<\\!--")
    )


def panel_id(part: PagePart, figure: Figure, number: int) -> str:
    """Name the element that a chart is drawn in."""
    return f"{part.key}-{figure.key}-{number}"


def panel_spec(figure: Figure, panel: ChartPanel) -> dict[str, Any]:
    """Return a chart's Vega-Lite, as wide as its place."""
    named = {"description": f"{figure.title}. {panel.title}".strip()}
    return {**plain_spec(panel), **named, **(sized(panel) or {"width": "container", "height": panel.height})}


def plain_spec(panel: ChartPanel) -> dict[str, Any]:
    """Return a chart's Vega-Lite without size or look; it is not validated here, for drawing it shows errors."""
    return {key: value for key, value in panel.chart.to_dict(validate=False).items() if key != "config"}


def sized(panel: ChartPanel) -> dict[str, Any]:
    """Return the size of a matrix, or nothing for a chart that fills its place."""
    return {"width": {"step": panel.cell[0]}, "height": {"step": panel.cell[1]}} if panel.cell else {}
