"""Where names go in a chart so that none lies on another: what has no room is left to the tooltip and the table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
CHARACTER, LINE = 5.6, 12.0  # pixels of a letter and of a line, at the size of a label
# beside a mark, in the order in which they are tried
PLACES: tuple[tuple[Side, int], ...] = (
    ("left", 0), ("right", 0), ("left", 11), ("left", -11), ("right", 11), ("right", -11),
)  # fmt: skip
AWAY = 7.0  # pixels between a mark and its name
DOT = 4.0  # half a side of what a mark covers


@dataclass(frozen=True)
class Spot:
    """A mark with a name, in pixels from the upper left of a chart."""

    name: str
    x: float
    y: float


@dataclass(frozen=True)
class Label:
    """A name beside its mark: ``align`` is ``left`` where it begins at the right of the mark, ``right`` where it ends there."""

    name: str
    align: Side
    below: int  # pixels


_Box = tuple[float, float, float, float]  # left, top, right, bottom


def place(
    spots: Sequence[Spot], taken: Iterable[tuple[float, float]], width: float, height: float
) -> tuple[Label, ...]:
    """Place names one after the other, the first where it likes best; those without room are left out.

    Parameters
    ----------
    spots
        Marks with names, most important first.
    taken
        Marks without names, which no name may cover.
    """
    boxes = [_dot(x, y) for x, y in taken] + [_dot(spot.x, spot.y) for spot in spots]
    out = []
    for spot in spots:
        for align, below in PLACES:
            box = _box(spot, align, below)
            inside = box[0] >= 0 and box[2] <= width and box[1] >= 0 and box[3] <= height
            if inside and not any(_overlap(box, other) for other in boxes):
                out.append(Label(spot.name, align, below))
                boxes.append(box)
                break
    return tuple(out)


def _dot(x: float, y: float) -> _Box:
    return x - DOT, y - DOT, x + DOT, y + DOT


def _box(spot: Spot, align: Side, below: int) -> _Box:
    long, middle = len(spot.name) * CHARACTER, spot.y + below
    left = spot.x + AWAY if align == "left" else spot.x - AWAY - long
    return left, middle - LINE / 2, left + long, middle + LINE / 2


def _overlap(a: _Box, b: _Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
