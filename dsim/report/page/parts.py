"""What a page is made of: sections of words, figures and tables, the same for every kind of subject."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt

from dsim.report.table import TableData

Chart = alt.Chart | alt.LayerChart


@dataclass(frozen=True)
class ChartPanel:
    """One chart of a figure.

    Attributes
    ----------
    chart
        Without width or height.
    title
        Above it; empty where the figure has one chart.
    height
        In pixels.
    cell
        Pixels of one column and one row of a matrix, which keeps its size and scrolls; else the chart fills its place.
    """

    chart: Chart
    title: str = ""
    height: int = 260
    cell: tuple[int, int] | None = None


@dataclass(frozen=True)
class Figure:
    """Charts that belong together, and their data.

    Attributes
    ----------
    key
        Names it in the page and as a file; unique within a part.
    title, caption
        In words: what it shows, and how it is to be read.
    panels
        Its charts, side by side where there is room.
    data
        All that the charts show, as a table.
    wide
        Least width of a panel in pixels; narrower screens scroll it.
    columns
        Panels side by side in the PNG.
    """

    key: str
    title: str
    caption: str
    panels: tuple[ChartPanel, ...]
    data: TableData
    wide: int = 280
    columns: int = 3


@dataclass(frozen=True)
class Section:
    """A titled piece of a part: words, then bullets, figures, tables and code."""

    key: str
    title: str
    words: tuple[str, ...] = ()
    bullets: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    tables: tuple[TableData, ...] = ()
    code: tuple[str, ...] = ()


@dataclass(frozen=True)
class PagePart:
    """One study or comparison: its sections, most important first.

    Attributes
    ----------
    key
        Names it in the page.
    name
        The name of its folder, which commands take.
    title
        In words.
    """

    key: str
    name: str
    title: str
    sections: tuple[Section, ...]
