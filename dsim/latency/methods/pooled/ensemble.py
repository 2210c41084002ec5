"""Several fits under different assumptions, averaged in logarithms, and what they say when a family is held out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dsim.graph.graph import Graph
from dsim.latency.features import COLUMNS, FloatArray, kernel_vector, total
from dsim.latency.methods.pooled.evidence import Evidence
from dsim.latency.methods.pooled.fit import Fit, FitSettings, fit, priced
from dsim.latency.methods.pooled.refine import refine
from dsim.op import Op

# What reasoning cannot settle is averaged over: how far a figure strays from the model (two sources with one protocol
# differ by a median of 6%, a log-spread of 0.063; twice that where the model itself is off), and whether figures outside
# the resolutions that estimates are made for teach anything about those inside.
MEMBERS: tuple[FitSettings, ...] = tuple(
    FitSettings(noise=noise, outside=outside) for noise in (0.063, 0.126) for outside in (0.0, 1.0)
)


@dataclass(frozen=True)
class Belief:
    """What a fit starts from.

    Attributes
    ----------
    members
        The assumptions that are averaged over.
    centre
        Gives the believed log factors (P + 1,) that never saw a family, or None for the nominal rates.
    own
        Log-spread by which each profile's factors may stray from its pool's, 0 for not at all.
    """

    members: tuple[FitSettings, ...] = MEMBERS
    centre: Callable[[str | None], FloatArray | None] = lambda without: None
    own: float = 0.0


NOMINAL = Belief()
# spread of the model's own error that no posterior knows of, in logarithms
FLOOR = 0.10


@dataclass(frozen=True)
class Rates:
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

    def total(self, run: Graph) -> FloatArray:
        """Return the vector (F,) of a graph that the passes have been over."""
        return total(run)

    def shares(self, vectors: FloatArray) -> FloatArray:
        """Return each kernel's share (K,) of a network's time for their vectors (K, F); the rest is the fixed time.

        Each member's own split, averaged, so that shares add up to the whole.
        """
        parts = priced(vectors)[:, :-1] @ np.exp(self.theta[:, :-1]).T
        fixed = priced(vectors.sum(0)[None, :])[:, -1] * np.exp(self.theta[:, -1])
        shares: FloatArray = (parts / (parts.sum(0) + fixed)).mean(1)
        return shares

    def arrays(self) -> dict[str, FloatArray]:
        """Return everything learned, by name."""
        return {"theta": self.theta, "covariance": self.covariance}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, FloatArray]) -> Rates:
        """Read back what `arrays` gave."""
        return cls(arrays["theta"], arrays["covariance"])

    def log_ms(self, phi: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log milliseconds (N,) and their spread (N,) for vectors (N, F); functions of phi alone."""
        x = priced(phi)
        log = np.log(x @ np.exp(self.theta).T)
        part = x * np.exp(self.theta.mean(0))
        share = part / part.sum(1)[:, None]
        leverage = np.einsum("nf,nf->n", share @ self.covariance, share)
        center: FloatArray = log.mean(1)
        return center, np.sqrt(FLOOR**2 + leverage + log.var(1))


def fit_members(
    evidence: Evidence,
    rows: NDArray[np.bool_],
    without: str | None = None,
    contrasts: NDArray[np.bool_] | None = None,
    belief: Belief = NOMINAL,
) -> tuple[Fit, ...]:
    """Fit every member on ``rows`` and ``contrasts``, by default those that do not touch family ``without``."""
    centre = belief.centre(without)
    clear = np.array([without not in families for families in evidence.contrast_family], dtype=bool)
    inside = bool(evidence.inside[rows].all())
    found: dict[FitSettings, Fit] = {}
    for settings in belief.members:
        # members that differ in how much figures outside count are one where there are none
        alike = replace(settings, outside=1.0) if inside else settings
        if alike not in found:
            found[alike] = fit(
                evidence, rows, clear if contrasts is None else contrasts, settings, centre=centre
            )
        found[settings] = found[alike]
    return tuple(found[settings] for settings in belief.members)


def rates_of(
    evidence: Evidence,
    fits: tuple[Fit, ...],
    profile: int,
    rows: NDArray[np.bool_] | None = None,
    belief: Belief = NOMINAL,
) -> Rates:
    """Return the rates of one profile's reference protocol.

    Parameters
    ----------
    evidence, fits
        A pool and its fits.
    profile
        Index of the profile in the pool.
    rows, belief
        (N,) what may be learned from, and what the fits started from; with ``belief.own`` the profile's own figures among
        the rows refine the pool's rates.
    """
    phone = evidence.phone_effects(profile)
    n = len(fits[0].theta)
    theta = np.array([f.theta + phone @ f.effects for f in fits])
    if belief.own and rows is not None:
        at = rows & evidence.reference & np.array([i == profile for i, _ in evidence.rows])
        x, log_ms, noise = priced(evidence.phi[at]), evidence.log_ms[at], belief.members[0].noise
        theta = np.array([refine(x, log_ms, member, belief.own, noise) for member in theta])
    return Rates(theta, np.mean([f.covariance[:n, :n] for f in fits], axis=0))


@dataclass(frozen=True)
class HeldOut:
    """Predictions (N,) of every row by a model that never saw its family.

    Attributes
    ----------
    reference_log, spread
        Log milliseconds in the profile's reference protocol, and their spread.
    protocol_log
        The same with the effects of the row's own protocol and laboratory, as far as other families told them.
    """

    reference_log: FloatArray
    spread: FloatArray
    protocol_log: FloatArray


def hold_out(
    evidence: Evidence,
    rows: NDArray[np.bool_] | None = None,
    only: NDArray[np.str_] | None = None,
    belief: Belief = NOMINAL,
) -> HeldOut:
    """Predict every row without its family, on all phones and sources at once.

    Parameters
    ----------
    rows
        (N,) what may be learned from, default everything learnable.
    only
        Families to predict, default all.
    belief
        What the fits start from.
    """
    learn = evidence.learnable if rows is None else rows
    size = len(evidence.rows)
    reference, spread, own = np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan)
    owner = np.array([i for i, _ in evidence.rows])
    for family in np.unique(evidence.family if only is None else only):
        out = evidence.family == family
        fits = fit_members(evidence, learn & ~out, str(family), belief=belief)
        effects = np.mean([f.effects for f in fits], axis=0)
        for profile in np.unique(owner[out]):
            at = out & (owner == profile)
            reference[at], spread[at] = rates_of(evidence, fits, int(profile), learn & ~out, belief).log_ms(
                evidence.phi[at]
            )
            rest = evidence.effects[at] - evidence.phone_effects(int(profile))
            own[at] = reference[at] + rest @ effects
    return HeldOut(reference, spread, own)
