"""Tell figures that are far from what the device's other figures and all bundled devices say.

Every donor's figures of the same networks are scaled by one factor, the median, so that one wrong figure among three moves
nothing. The donors that then fit best say what each network should take; how far a figure may be off counts once at most
(a truncated loss), so that a wrong figure does not choose its own donors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray

NEAR = 5  # donors that are asked
CAP = np.log(2.0)  # how far off a figure may be counts up to here
SLOW = (
    3.0  # times slower, from here on: a network that left the accelerator; as much faster is a wrong figure
)
UNIT = 150.0  # from here on the unit is the likely fault: falls are up to 50 times, said three times too high at worst
LEAST = 3  # different networks without which nothing can be told


@dataclass(frozen=True)
class Far:
    """One figure that is far off.

    Attributes
    ----------
    at
        Its place among the figures.
    times
        Measured over what the others say; below 1 for a figure that is too fast.
    said_ms
        What the others say.
    """

    at: int
    times: float
    said_ms: float

    @property
    def fell(self) -> bool:
        """True where leaving the accelerator explains it."""
        return SLOW <= self.times < UNIT

    @property
    def unit(self) -> bool:
        """True where a wrong unit explains it."""
        return max(self.times, 1.0 / self.times) >= UNIT


def far_figures(keys: Sequence[str], log_ms: FloatArray, said: FloatArray) -> tuple[Far, ...]:
    """Tell the figures that are far from the rest.

    Parameters
    ----------
    keys
        (n,) networks; one may stand there several times.
    log_ms
        (n,) log milliseconds measured.
    said
        (n, D) what the donors say of the same networks.

    Returns
    -------
    tuple of Far
        Nothing where there are fewer than LEAST different networks.
    """
    if len(set(keys)) < LEAST:
        return ()
    _, off = _scaled(log_ms, said)
    times = np.median(off[:, _near(off)], axis=1)
    return tuple(
        Far(int(n), float(np.exp(times[n])), float(np.exp(log_ms[n] - times[n])))
        for n in np.flatnonzero(np.abs(times) >= np.log(SLOW))
    )


def pace(log_ms: FloatArray, said: FloatArray) -> float:
    """Return how many times slower all figures together are than on the donors that fit best; see `far_figures`."""
    factor, off = _scaled(log_ms, said)
    return float(np.exp(np.median(factor[_near(off)])))


def _scaled(log_ms: FloatArray, said: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each donor's log factor (D,), and what figures are off after it (n, D)."""
    off = log_ms[:, None] - said
    factor = np.median(off, axis=0)
    return np.asarray(factor), np.asarray(off - factor)


def _near(off: FloatArray) -> NDArray[np.int64]:
    loss = np.minimum(np.abs(off), CAP).mean(0)
    return np.argsort(loss, kind="stable")[:NEAR]
