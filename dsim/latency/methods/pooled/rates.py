"""What is learned of the profiles of a pool: factors on nominal rates, several fits averaged in logarithms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dsim.latency.features import COLUMNS, PRICED, FloatArray, kernel_vector
from dsim.latency.maths.blocks import in_blocks
from dsim.latency.methods.whole import InNetworks
from dsim.latency.networks import Network
from dsim.op import Op

FIXED_MS = 0.3  # nominal time of a prediction without any kernel
FLOOR = 0.10  # spread of the model's own error that no posterior knows of, in logarithms
assert COLUMNS[: len(PRICED)] == PRICED


def priced(phi: FloatArray) -> FloatArray:
    """Return the priced columns of vectors (N, F) with the fixed time appended: (N, P + 1)."""
    return np.hstack([phi[:, : len(PRICED)], np.full((len(phi), 1), FIXED_MS)])


@dataclass(frozen=True)
class Rates(InNetworks):
    """What an ensemble says of one profile.

    Attributes
    ----------
    theta
        (M, P + 1) logarithms of the factors of each member, the profile's phone factor included.
    covariance
        (P + 1, P + 1) posterior covariance of theta, averaged over the members.
    """

    theta: FloatArray
    covariance: FloatArray

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the entries of a vector."""
        return COLUMNS

    def vector(self, op: Op) -> FloatArray:
        """Return the vector (F,) of one kernel."""
        return kernel_vector(op)

    def network_vectors(self, networks: Sequence[Network]) -> FloatArray:
        """Return the vectors (N, F) of measured networks."""
        return np.array([network.vector for network in networks]).reshape(-1, len(COLUMNS))

    def shares(self, vectors: FloatArray) -> FloatArray:
        """Return each kernel's share (K,) of a network's time for their vectors (K, F); the rest is the fixed time.

        Each member's own split, averaged, so that shares add up to the whole.
        """
        parts = priced(vectors)[:, :-1] @ np.exp(self.theta[:, :-1]).T
        fixed = priced(vectors.sum(0)[None, :])[:, -1] * np.exp(self.theta[:, -1])
        shares: FloatArray = (parts / (parts.sum(0) + fixed)).mean(1)
        return shares

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F); functions of phi alone."""
        return in_blocks(self._block, phi)

    def _block(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        x = priced(phi)
        product = x @ self._factors
        members = len(self.theta)
        log = np.log(np.ascontiguousarray(product[:, :members].T))
        # covariance's form at a network's shares of time, (x * rates) / total
        leverage = np.einsum("nf,nf->n", product[:, members + 1 :], x) / product[:, members] ** 2
        return log.mean(0), np.sqrt(FLOOR**2 + leverage + log.var(0))

    def least_ms(self, vectors: FloatArray) -> tuple[FloatArray, float]:
        """Return what pieces (K,) of a network take at least, and what it takes beside them; see `dsim.latency.sums`."""
        with np.errstate(divide="ignore"):  # a piece without a price
            log = np.log(priced(vectors)[:, :-1] @ np.exp(self.theta[:, :-1]).T)
        return np.exp(log.mean(1)), FIXED_MS * float(np.exp(self.theta[:, -1].mean()))

    @property
    def least_spread(self) -> float:
        """What no network's spread is below."""
        return FLOOR

    def wide_ms(self, vectors: FloatArray, there: FloatArray) -> tuple[FloatArray, float]:
        """Return the same of its milliseconds times what its spread is above the least, as near as can be at ``there`` (F,).

        By mean rates a network takes no more than by the members' geometric mean, and its spread is at least that of floor and
        covariance. The product of these two is a length of the vector: a plane that touches it lies below it.
        """
        members, x = len(self.theta), priced(there[None])[0]
        product = x @ self._factors
        rates, form = self._factors[:, members], product[members + 1 :]
        slope = FLOOR**2 * product[members] * rates + form
        slope /= np.sqrt(FLOOR**2 * product[members] ** 2 + form @ x)
        slope -= FLOOR * rates
        return priced(vectors)[:, :-1] @ slope[:-1], FIXED_MS * float(slope[-1])

    @cached_property
    def _factors(self) -> FloatArray:
        """What priced vectors are multiplied with, (P + 1, M + 1 + P + 1): each member's rates, the mean rates, the covariance."""
        rates = np.exp(self.theta.mean(0))
        return np.hstack([np.exp(self.theta).T, rates[:, None], self.covariance * np.outer(rates, rates)])


@dataclass(frozen=True)
class PoolRates(Rates):
    """The same, as long as what the others of the pool learned beside it is at hand.

    Attributes
    ----------
    member
        Returns the rates of the profile at a place in the pool.
    effects
        (G,) logarithms of what phones, protocols and laboratories add.
    """

    member: Callable[[int], Rates]
    effects: FloatArray
