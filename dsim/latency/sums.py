"""The budget that a network needs at least, as a sum over its pieces: what a proof about all designs of a space can rest on.

A network needs ``t * exp(most * spread)``: its estimate, and so many spreads more as its chance to fit asks for. None of that is a sum
over pieces, but a sum that it is never below is as good for a bound.

- Where a learner's estimate t is a sum of kernels' prices and a constant (`operators`), it is that sum. Where several such sums
  are averaged in logarithms (`roofline`, `adapted`), the geometric mean of the whole is at least the sum of its pieces'
  geometric means (Mahler's inequality; Hardy, Littlewood and Polya, Inequalities, 1934, section 2.7).
- Beside the least spread of all networks, ``t * (spread - least)`` is at least a sum that is as near as can be at one network
  (`Summed.wide_ms`).
- The exponential lies above its tangent at that network: ``t * exp(x) >= exp(y) * ((1 - y) * t + t * x)``.

A learned correction that looks at the network as a whole (`fine`, `few-shot`) has no such sum.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from dsim.latency import cliffs
from dsim.latency.features import FloatArray

if TYPE_CHECKING:
    from dsim.latency.calibrate import Calibration


@runtime_checkable
class Summed(Protocol):
    """A pricing that knows sums over pieces which its estimates are never below."""

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F)."""

    def least_ms(self, vectors: FloatArray) -> tuple[FloatArray, float]:
        """Return what pieces (K,) of a network take at least, for their vectors (K, F), and what it takes beside them."""

    @property
    def least_spread(self) -> float:
        """What no network's spread is below."""

    def wide_ms(self, vectors: FloatArray, there: FloatArray) -> tuple[FloatArray, float]:
        """Return the same of its milliseconds times what its spread is above the least, as near as can be at ``there`` (F,)."""


@dataclass(frozen=True)
class LeastSums:
    """The sums of one device, for one chance with which a new measurement must be within the budget.

    Attributes
    ----------
    pricing
        What was learned.
    errors
        How far estimates err.
    cliff_weights
        Of the chance that a network leaves the accelerator: a constant and one for each warning sign.
    chance
        That is asked for.
    """

    pricing: Summed
    errors: Calibration
    cliff_weights: FloatArray
    chance: float

    def signs(self, phi: FloatArray) -> NDArray[np.bool_]:
        """Return which warning signs (K, S) pieces hold, for their vectors (K, F); none where no network can leave."""
        if self.cliff_weights[0] <= cliffs.NEVER:
            return np.zeros((len(phi), 0), dtype=bool)
        return cliffs.signs(phi, len(self.cliff_weights) - 1)[:, 1:] > 0

    def needs_ms(
        self, phi: FloatArray, there: FloatArray, held: Iterable[bool]
    ) -> tuple[FloatArray, float] | None:
        """Return what pieces (K,) add to the budget that a network needs at least, and what it needs beside them.

        Parameters
        ----------
        phi
            (K, F) vectors of pieces.
        there
            (F,) vector of a network, at which the sum is as near as can be.
        held
            Which warning signs (S,) the network holds.

        Returns
        -------
        tuple or None
            Infinite where no budget is enough. None where nothing is known: the errors asked for lie below the estimate, and a
            wider spread would need less.
        """
        leaves = 0.0
        if self.cliff_weights[0] > cliffs.NEVER:
            leaves = float(cliffs.chances(np.array([[1.0, *held]]), self.cliff_weights)[0])
        most = float(self.errors.reached(np.array([self.chance / max(1.0 - leaves, 1e-12)]))[0])
        if most < 0.0:
            return None
        plain, fixed = self.pricing.least_ms(phi)
        if most == np.inf:
            return plain, most
        spread = float(self.pricing.log_ms(there[None])[1][0])
        least = most * self.pricing.least_spread
        at = min(most * spread, 1.0 + least)  # what stands before the time must not be negative
        wide, fixed_wide = self.pricing.wide_ms(phi, there)
        time, up = 1.0 - at + least, float(np.exp(at))
        return up * (time * plain + most * wide), up * (time * fixed + most * fixed_wide)
