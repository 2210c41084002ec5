"""A drawing as SVG: text, boxes and lines, in the colours that the reader's screen has, light or dark. No script, no outside file."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path

from dsim.errors import InvalidValueError
from dsim.files import make_folder, write_atomic
from dsim.report.colours import FONT

# Words are put at places that were worked out beforehand, so their width is reckoned with: of a wide letter of the fonts above
LETTER = 0.6  # widths of a letter in heights of the text
_STYLE = (
    f"text{{font-family:{FONT};fill:#22272c}}.faint{{fill:#5c656d}}.strong{{font-weight:600}}.ground{{fill:#ffffff}}"
    ".rule{stroke:#c9cfd5}"
    "@media (prefers-color-scheme:dark){text{fill:#e4e7ea}.faint{fill:#a3abb2}.ground{fill:#14171a}.rule{stroke:#3a4147}}"
)


@dataclass(frozen=True)
class Drawing:
    """A finished drawing.

    Attributes
    ----------
    svg
        The text of the file.
    title
        What it shows.
    """

    svg: str
    title: str

    def __repr__(self) -> str:
        return f"Drawing: {self.title} ({len(self.svg):,} characters of SVG)"

    def _repr_svg_(self) -> str:
        return self.svg

    def write(self, path: str | Path) -> None:
        """Write it into a file.

        Raises
        ------
        InvalidValueError
            The file's name does not end in .svg.
        FileAccessError
            It cannot be written.
        """
        if Path(path).suffix.lower() != ".svg":
            raise InvalidValueError(
                f"a drawing is written as SVG, got the file name {Path(path).name!r}; end it in .svg"
            )
        make_folder(Path(path).parent)
        write_atomic(Path(path), self.svg)


@dataclass
class Canvas:
    """A drawing in the making; all that is written on it is escaped."""

    width: float
    height: float
    title: str
    _marks: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, words: str, size: float = 12, kind: str = "", anchor: str = "start"
    ) -> None:
        """Write words; ``kind`` is empty, ``faint`` or ``strong``."""
        named = f' class="{kind}"' if kind else ""
        side = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._marks.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{named}{side}>{html.escape(words)}</text>'
        )

    def box(self, x: float, y: float, width: float, height: float, colour: str, tip: str = "") -> None:
        """Draw a filled box; ``tip`` is shown where one points at it."""
        told = f"<title>{html.escape(tip)}</title>" if tip else ""
        self._marks.append(
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{max(width, 0.0):.2f}" height="{height:.2f}" fill="{colour}">{told}</rect>'
        )

    def rule(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """Draw a thin line."""
        self._marks.append(f'<line class="rule" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def legend(self, x: float, y: float, entries: dict[str, str], size: float = 12) -> float:
        """Write what colours mean, in lines as wide as the drawing; returns where the last line stands."""
        at = x
        for words, colour in entries.items():
            wide = size + 6 + width_of(words, size) + 16
            if at > x and at + wide > self.width - x:
                at, y = x, y + size * 1.6
            self.box(at, y - size * 0.8, size * 0.85, size * 0.85, colour)
            self.text(at + size + 4, y, words, size)
            at += wide
        return y

    def finish(self) -> Drawing:
        """Return the drawing."""
        wide, high, title = f"{self.width:g}", f"{self.height:g}", html.escape(self.title)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img" '
            f'aria-label="{title}"><title>{title}</title><style>{_STYLE}</style>'
            f'<rect class="ground" width="{wide}" height="{high}"/>'
        )
        return Drawing("\n".join((head, *self._marks, "</svg>")) + "\n", self.title)


def width_of(words: str, size: float) -> float:
    """Return how wide words are at most, in pixels."""
    return len(words) * LETTER * size


def cut(words: str, room: float, size: float) -> str:
    """Return words that fit into some room, with an ellipsis where they are cut."""
    most = max(int(room / (LETTER * size)), 1)
    return words if len(words) <= most else words[: max(most - 1, 1)] + "\N{HORIZONTAL ELLIPSIS}"
