"""FineRates: what was learned of one stack, several fits averaged in logarithms, and the correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.maths.blocks import in_blocks
from dsim.latency.maths.rounded import widened
from dsim.latency.methods.fine.correct import NOISE as LEFT_NOISE
from dsim.latency.methods.fine.correct import Correction, fit_correction, places_of
from dsim.latency.methods.fine.costs import COLUMNS, vector
from dsim.latency.methods.fine.fit import fit_fine, priced
from dsim.latency.methods.fine.prior import Regime
from dsim.latency.methods.whole import InNetworks
from dsim.latency.networks import Network
from dsim.op import Op

NOISE = 0.08  # log-spread of one figure around the rates
FLOOR = 0.04  # spread of the model's own error that no posterior knows of, in logarithms


@dataclass(frozen=True)
class FineRates(InNetworks):
    """Rates and correction of one profile.

    Attributes
    ----------
    log_rate
        (P + 1,) log milliseconds per unit; the last is the fixed time.
    covariance
        (P + 1, P + 1) of them.
    correction
        What to add to log milliseconds.
    """

    log_rate: FloatArray
    covariance: FloatArray
    correction: Correction

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""
        return COLUMNS

    def vector(self, op: Op) -> FloatArray:
        """Return the vector (F,) of one kernel."""
        return vector(op)

    def network_vectors(self, networks: Sequence[Network]) -> FloatArray:
        """Return the vectors (N, F) of measured networks."""
        return np.array([network.facts.fine for network in networks]).reshape(-1, len(COLUMNS))

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F); functions of phi alone."""
        return in_blocks(self._block, phi)

    def quick_log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the same with the correction in single precision, off by up to `dsim.latency.pricing.LOOSE`."""
        return in_blocks(partial(self._block, single=True), phi)

    def _block(self, phi: FloatArray, single: bool = False) -> tuple[FloatArray, FloatArray]:
        part = priced(phi) * np.exp(self.log_rate)
        whole = part.sum(1)
        share = part / whole[:, None]
        leverage = np.einsum("nf,nf->n", share @ self.covariance, share)
        return np.log(whole) + self.correction.at(places_of(share, whole), single), np.sqrt(
            FLOOR**2 + leverage
        )

    def shares(self, vectors: FloatArray) -> FloatArray:
        """Return each kernel's share (K,) of a network's time for their vectors (K, F); the rest is the fixed time."""
        parts = priced(vectors)[:, :-1] @ np.exp(self.log_rate[:-1])
        shares: FloatArray = parts / (parts.sum() + np.exp(self.log_rate[-1]))
        return shares


def family_weight(family: NDArray[np.str_]) -> FloatArray:
    """Return how much each row (N,) counts, one in the mean: large families count less a network, more in all."""
    _, where, counts = np.unique(family, return_inverse=True, return_counts=True)
    weight = counts[where] ** -0.5
    return np.asarray(weight / weight.mean())


def learn_rates(
    phi: FloatArray,
    log_ms: FloatArray,
    family: NDArray[np.str_],
    regime: Regime,
    centre: FloatArray | None = None,
    stray: FloatArray | None = None,
    rounding: FloatArray | None = None,
) -> FineRates:
    """Learn one stack's rates and correction.

    Parameters
    ----------
    phi, log_ms, family
        (N, F) vectors, (N,) log milliseconds and (N,) families of measured networks.
    regime
        What is believed beforehand.
    centre, stray
        A donor's log rates (P + 1,) to start from in place of ``regime``, and how far each may stray.
    rounding
        Log-spread (N,) that rounding adds to the figures, default none.
    """
    hidden = np.zeros(len(log_ms)) if rounding is None else rounding
    noise = widened(NOISE, hidden)
    found = fit_fine(phi, log_ms, family_weight(family), regime, noise, centre, stray)
    residual = log_ms - np.log(priced(phi) @ np.exp(found.log_rate))
    left = fit_correction(phi, found.log_rate, residual, noise=widened(LEFT_NOISE, hidden))
    return FineRates(found.log_rate, found.covariance, left)
