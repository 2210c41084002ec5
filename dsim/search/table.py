"""CostTable: the price list of a search. Every piece of a design is read once, then a design is a sum of rows.

This is the paper's lookup table (EfficientFormer, section 3.3) with two columns of vectors in place of one number:
what the latency model and what the accuracy model need to know. Both are additive over pieces by contract, so that
a sum of rows gives exactly what reading the whole graph would give.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch, Piece, backbone_parts, backbone_pieces
from dsim.arch.lower import HeadPart, Part, part_graph
from dsim.graph import Graph
from dsim.latency.kernel import Kernel
from dsim.latency.model import DeviceModel
from dsim.limits import LimitUse
from dsim.search.amounts import COLUMNS, PEAKS, Ceiling, place_of

Floats = NDArray[np.float64]
Placed = Sequence[tuple[str, Part]]  # pieces of a design, each with its place in it
LEARNED_CLASSES = 1000  # of the designs that accuracy models are learned from


class Latencies(Protocol):
    """What a search needs of a latency model."""

    def featurise(self, graph: Graph) -> Floats:
        """Return the additive feature vector (F,) of a graph or of a piece of one."""


class Accuracies(Protocol):
    """What a search needs of an accuracy model."""

    def summarise(self, graph: Graph) -> Floats:
        """Return the additive summary vector (S,) of a graph or of a piece of one."""


@dataclass(frozen=True)
class Row:
    """One or many sums of pieces: ``phi`` (..., F) for latency, ``summary`` (..., S) for accuracy, ``amounts`` (..., C) where limits ask."""

    phi: Floats
    summary: Floats
    amounts: Floats | None = None


@dataclass(frozen=True, eq=False)
class _Reading:
    """What is read of a piece before anything that was learned comes in.

    Attributes
    ----------
    summary
        (S,).
    amounts
        What it takes beside time (C,), or (0,) without limits.
    kernels
        What runs of it on the device, where a `DeviceModel` says so.
    phi
        (F,) from a latency model of another kind.
    """

    summary: Floats
    amounts: Floats
    kernels: tuple[Kernel, ...] = ()
    phi: Floats | None = None


@dataclass(frozen=True)
class _Readings:
    """What the tables of one device share.

    Attributes
    ----------
    numbers
        Of pieces, by their keys. A piece has its number only once it is read whole: Ctrl-C may come at any moment, and the search
        concludes with what it has.
    pieces
        By their numbers.
    groups
        Numbers of the pieces that are asked for together, by what the caller calls them.
    """

    numbers: dict[Hashable, int] = field(default_factory=dict)
    pieces: list[_Reading] = field(default_factory=list)
    groups: dict[Hashable, tuple[int, ...]] = field(default_factory=dict)


class CostTable:
    """Rows by piece, filled on demand.

    Parameters
    ----------
    latency, accuracy
        What reads the pieces.
    classes
        Class scores of the network that is deployed, with which every design is priced; None prices it with its own. The
        accuracy model sees those that it was learned with, whatever the design has.
    image
        Height and width of the images of a detector or segmenter, where the backbone alone is deployed: then latency is that of
        the four maps, and accuracy that of the design with its head, at its own resolution.
    ceiling
        The limits beside time; with it, rows end in the columns that it asks for.

    Attributes
    ----------
    size
        Pieces priced so far.
    """

    def __init__(
        self,
        latency: Latencies,
        accuracy: Accuracies,
        classes: int | None = None,
        image: tuple[int, int] | None = None,
        ceiling: Ceiling | None = None,
    ) -> None:
        self.ceiling = ceiling
        self._classes = classes
        self._image = image
        self._latency = latency
        self._accuracy = accuracy
        self._read = _Readings()
        self._rows: dict[int, Floats] = {}
        self._shared: dict[Hashable, Floats] = {}
        self._split = 0

    @property
    def size(self) -> int:
        """Pieces priced so far."""
        return len(self._rows)

    def deployed(self, arch: Arch) -> Arch:
        """Return a design with as many class scores as are deployed."""
        return arch if self._classes is None else replace(arch, num_classes=self._classes)

    def priced(self, arch: Arch) -> tuple[Piece, ...]:
        """Return the pieces of what is deployed."""
        return self.deployed(arch).pieces() if self._image is None else backbone_pieces(arch, self._image)

    def pieces(self, arch: Arch) -> dict[str, Floats]:
        """Return the joined row (F + S,) of every piece of a design, by the piece's place in it."""
        seen = arch if self._classes is None else replace(arch, num_classes=LEARNED_CLASSES)
        parts = [(piece.scope, piece.key) for piece in seen.pieces()]
        priced = {piece.scope: piece.key for piece in self.priced(arch)}
        return {scope: self._row(self._number(scope, part, priced.get(scope))) for scope, part in parts}

    def rows_of(self, key: Hashable, resolution: int, make: Callable[[int], Placed]) -> list[Floats]:
        """Return the joined rows (F + S,) of some pieces of a design, without making the design.

        Parameters
        ----------
        key
            Tells these pieces from all others: they are made only once, also for `refitted` tables.
        resolution
            Of the design.
        make
            Returns them with their places, for an image of that side. Of a stage's blocks they hold either the last, or none
            that depends on being the last.
        """
        numbers = self._read.groups.get(key)
        if numbers is None:
            seen = make(resolution)
            priced = dict(seen if self._image is None else backbone_parts(make(self._image[0]), self._image))
            found = [self._number(scope, part, self._with_classes(priced.get(scope))) for scope, part in seen]
            numbers = self._read.groups[key] = tuple(found)
        return [self._row(number) for number in numbers]

    def _with_classes(self, part: Part | None) -> Part | None:
        """Return a piece with the class scores that are deployed."""
        if self._classes is None or not isinstance(part, HeadPart):
            return part
        return replace(part, num_classes=self._classes)

    def refitted(self, latency: DeviceModel, accuracy: Accuracies) -> CostTable:
        """Return a table of the same designs on the same device, with prices and top-1 learned anew.

        Learning anew changes what a kernel costs, and neither which kernels run nor what designs are made of: what one table
        has read of a piece, the other does not read again.
        """
        other = CostTable(latency, accuracy, self._classes, self._image, self.ceiling)
        other._read = self._read
        latency.vectors(
            [kernel for piece in self._read.pieces for kernel in piece.kernels]
        )  # all at once is quicker
        return other

    def _number(self, scope: str, seen: Part, priced: Part | None) -> int:
        """Return the number of a piece as the accuracy model sees it and as it is priced; a new one is read.

        ``priced`` is None for the head of a backbone.
        """
        numbers, pieces = self._read.numbers, self._read.pieces
        key = (seen, priced, place_of(scope) if self.ceiling else None)
        if key not in numbers:
            pieces.append(self._reading(scope, seen, priced))
            numbers[key] = len(pieces) - 1
        return numbers[key]

    def _reading(self, scope: str, seen: Part, priced: Part | None) -> _Reading:
        summary, amounts = self._accuracy.summarise(part_graph(seen)), self._amounts(scope, priced)
        if priced is None:
            return _Reading(summary, amounts)
        if isinstance(self._latency, DeviceModel):
            placed = self._latency.kernels(part_graph(priced))
            return _Reading(summary, amounts, kernels=tuple(one.kernel for one in placed))
        phi = self._latency.featurise(part_graph(priced))
        self._split = len(phi)
        return _Reading(summary, amounts, phi=phi)

    def _row(self, number: int) -> Floats:
        """Return the joined row (F + S,) of a piece that was read."""
        row = self._rows.get(number)
        if row is None:
            piece = self._read.pieces[number]
            if isinstance(self._latency, DeviceModel):
                phi = self._latency.vectors(piece.kernels).sum(0)
                self._split = len(phi)
            else:
                phi = np.zeros(self._split) if piece.phi is None else piece.phi
            row = self._rows[number] = np.concatenate([phi, piece.summary, piece.amounts])
        return row

    def _amounts(self, scope: str, part: Part | None) -> Floats:
        if self.ceiling is None or part is None:
            return np.zeros(0 if self.ceiling is None else COLUMNS)
        return self.ceiling.row(scope, part_graph(part))

    def shared(self, key: Hashable, make: Callable[[], Floats]) -> Floats:
        """Return an array that several mixes share, made once; ``key`` must hold everything that it depends on."""
        if key not in self._shared:
            self._shared[key] = make()
        return self._shared[key]

    def whole(self, arch: Arch) -> Floats:
        """Return the joined row (F + S,) of a whole design."""
        return self.together(list(self.pieces(arch).values()))

    def limits_used(self, arch: Arch) -> tuple[LimitUse, ...]:
        """Return what a design takes of each limit; nothing where there is none."""
        if self.ceiling is None:
            return ()
        columns = self.cut(self.whole(arch)).amounts
        assert columns is not None
        return self.ceiling.uses(columns)

    def together(self, rows: Sequence[Floats]) -> Floats:
        """Return the joined row (F + S,) of some pieces, at least one: what one of them takes at once, all take."""
        total: Floats = np.sum(rows, axis=0)
        return total if self.ceiling is None else self.at_once(total, rows)

    def at_once(self, total: Floats, rows: Sequence[Floats]) -> Floats:
        """Return a sum of rows (..., F + S) in which the columns of peaks are the largest of the rows, where there are any."""
        if self.ceiling is not None:
            peaks = slice(PEAKS.start - COLUMNS, PEAKS.stop - COLUMNS)
            total[..., peaks] = np.maximum.reduce([row[..., peaks] for row in rows])
        return total

    def cut(self, rows: Floats) -> Row:
        """Cut joined rows (..., F + S) into what each model reads."""
        phi = rows[..., : self._split]
        if self.ceiling is None:
            return Row(phi, rows[..., self._split :])
        return Row(phi, rows[..., self._split : -COLUMNS], rows[..., -COLUMNS:])
