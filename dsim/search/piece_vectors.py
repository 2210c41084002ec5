"""The pieces of designs as a latency model reads them: each is read once, and a design is their sum."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dsim.arch import Arch
from dsim.arch.lower import Part, part_graph
from dsim.latency import DeviceModel

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class PieceVectors:
    """Vectors by piece, filled on demand.

    Attributes
    ----------
    model
        What reads the pieces.
    """

    model: DeviceModel
    _known: dict[Part, Vector] = field(default_factory=dict, repr=False)

    def of(self, part: Part) -> Vector:
        """Return the vector (F,) of one piece."""
        if part not in self._known:
            self._known[part] = self.model.featurise(part_graph(part))
        return self._known[part]

    def whole(self, arch: Arch) -> Vector:
        """Return the vector (F,) of a design."""
        total: Vector = np.sum([self.of(part) for _, part in arch.parts()], axis=0)
        return total
