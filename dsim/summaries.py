"""How a result shows itself in Python: the few lines that a person wants, as text and as HTML for a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass

MOST_ROWS = 24
MOST_CHARACTERS = 160  # of one value


@dataclass(frozen=True)
class Summary:
    """What a result says in short.

    Attributes
    ----------
    title
        What it is.
    rows
        Names and values, most important first.
    """

    title: str
    rows: tuple[tuple[str, str], ...]

    def text(self) -> str:
        """Return one line for the title and one for each row."""
        rows = self._shown()
        width = max((len(name) for name, _ in rows), default=0)
        return "\n".join([self.title, *(f"  {name:<{width}}  {value}".rstrip() for name, value in rows)])

    def html(self) -> str:
        """Return a table; whatever names and values hold is shown, and never read as HTML."""
        cell = '<td style="text-align:left">'
        rows = "".join(
            f"<tr>{cell}{html.escape(name)}</td>{cell}{html.escape(value)}</td></tr>"
            for name, value in self._shown()
        )
        return f"<div><strong>{html.escape(self.title)}</strong><table>{rows}</table></div>"

    def _shown(self) -> list[tuple[str, str]]:
        rows = [(name, _short(value)) for name, value in self.rows]
        left = len(rows) - MOST_ROWS
        return rows if left <= 0 else [*rows[:MOST_ROWS], ("", f"and {left} more")]


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 3]}..."


class Summarised:
    """A record that shows its summary instead of all that it holds; for a dataclass with ``repr=False``."""

    __slots__ = ()

    def summary(self) -> Summary:
        """Return what the record says in short."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self.summary().text()

    def _repr_html_(self) -> str:
        return self.summary().html()
