"""The course of a machine's speed while it was measured, with its error.

A machine that other machines share, a laptop that warms up and a phone that throttles change their speed by some percent over
minutes, which no lower decile of forty runs can see. What tells are readings over time: an anchor network that is timed again
and again, or how much longer networks took than a model without them says. Their logs are a Gaussian process in time (kernel
Matern 1/2: no assumption beyond that near moments are alike) plus scatter, whose size is worked out for each kind of reading.
Speed, length and scatter are those that make the readings likeliest; the error is the process's own.

A network never corrects itself: its drift is read off a course in which its own reading has no part.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dsim.latency.features import FloatArray

if TYPE_CHECKING:
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import Kernel

LEAST_READINGS = 12
ROUNDS = 4
FARTHEST = 3.0  # a reading further off than so many of its kind's scatter counts as if it were that far off
LEAST_SCATTER = 0.005  # log milliseconds: no machine repeats itself better
START = (0.05, 1.0)  # where the search for the size of the drift and its length in minutes begins
BOUNDS = ((0.001, 0.5), (0.05, 600.0))
STRETCH = 8  # readings in a row that are judged together
UNEXPLAINED = 0.5  # share of them that is off by more than OFF standard deviations; networks that a model knows badly are few
OFF = 2.5
POINTS = 60  # of the course as it is kept


class Reading(NamedTuple):
    """How slow the machine looked at a moment.

    Attributes
    ----------
    minute
        When.
    kind
        Readings of one kind scatter alike, and have a level of their own: an anchor's name, ``design``, ``reference``.
    log_ms
        Log of milliseconds, up to the level of its kind.
    network
        Whose reading it is; empty for an anchor.
    """

    minute: float
    kind: str
    log_ms: float
    network: str = ""


class Drift(NamedTuple):
    """How much slower than usual the machine was: log ratio, its standard deviation, and whether readings agree on it."""

    log: float
    error: float
    explained: bool = True


@dataclass(frozen=True)
class Course:
    """The course of a machine's speed.

    Attributes
    ----------
    minutes, log, error
        (P,) moments from the first to the last, log of the time that everything took over what it usually takes, and the
        standard deviation of that.
    networks
        The drift of each network that was asked for.
    spread, length_min
        Standard deviation of the drift, and the minutes after which it is another.
    scatter
        Of readings around it, by kind.
    unexplained
        From and to (minutes), where readings contradict one another.
    """

    minutes: FloatArray
    log: FloatArray
    error: FloatArray
    networks: Mapping[str, Drift]
    spread: float
    length_min: float
    scatter: Mapping[str, float]
    unexplained: tuple[tuple[float, float], ...]


def estimate_course(readings: Sequence[Reading], networks: Mapping[str, float]) -> Course:
    """Estimate how a machine's speed went.

    Parameters
    ----------
    readings
        At least LEAST_READINGS.
    networks
        The minute of each network whose drift is wanted.
    """
    fitted = _fit(readings)
    stretches = _unexplained(fitted)
    if stretches:
        left = [one for one in readings if not _within(one.minute, stretches)]
        if len(left) >= LEAST_READINGS:
            fitted = _fit(left)
    own = {one.network: n for n, one in enumerate(fitted.readings) if one.network}
    keys = list(networks)
    at = np.array([networks[key] for key in keys])
    log, error = fitted.at(at)
    left_out_log, left_out_error = fitted.without_own()
    for n, key in enumerate(keys):
        if key in own:
            log[n], error[n] = left_out_log[own[key]], left_out_error[own[key]]
    usual = float(np.median(log)) if len(log) else 0.0
    minutes = np.linspace(
        min(one.minute for one in readings), max(one.minute for one in readings), POINTS, dtype=np.float64
    )
    course, course_error = fitted.at(minutes)
    variance, length = np.exp(fitted.model.kernel_.theta)
    return Course(
        minutes,
        course - usual,
        course_error,
        {
            key: Drift(float(log[n]) - usual, float(error[n]), not _within(at[n], stretches))
            for n, key in enumerate(keys)
        },
        float(np.sqrt(variance)),
        float(length),
        dict(fitted.scatter),
        stretches,
    )


@dataclass(frozen=True)
class _Fitted:
    """A process that was fitted to readings.

    ``raw`` and ``log`` are their logs without the level of their kind, as they were read and with those that are far off
    drawn in; ``noise`` is the scatter of each; all (N,).
    """

    model: GaussianProcessRegressor
    readings: tuple[Reading, ...]
    log: FloatArray
    raw: FloatArray
    noise: FloatArray
    scatter: Mapping[str, float]

    def at(self, minutes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the course and its standard deviation at moments (n,)."""
        mean, deviation = self.model.predict(minutes[:, None], return_std=True)
        return np.asarray(mean), np.asarray(deviation)

    def without_own(self) -> tuple[FloatArray, FloatArray]:
        """Return the course at each reading (N,) as the others tell it, and its standard deviation.

        Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, equations 5.10 to 5.12.
        """
        minutes = np.array([one.minute for one in self.readings])[:, None]
        inverse = np.linalg.inv(self.model.kernel_(minutes) + np.diag(self.noise**2))
        mean = self.log - (inverse @ self.log) / np.diag(inverse)
        return mean, np.sqrt(np.maximum(1.0 / np.diag(inverse) - self.noise**2, 1e-12))


def _fit(readings: Sequence[Reading]) -> _Fitted:
    """Fit level and scatter of each kind and the course in turns, until they agree."""
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern  # deferred: slow to load

    minutes = np.array([one.minute for one in readings])
    raw = np.array([one.log_ms for one in readings])
    kinds = np.array([one.kind for one in readings])
    level, noise, course = np.zeros(len(raw)), np.zeros(len(raw)), np.zeros(len(raw))
    for kind in np.unique(kinds):
        rows = kinds == kind
        level[rows] = np.median(raw[rows])
        noise[rows] = scatter_of(raw[rows] - level[rows])
    kernel = ConstantKernel(START[0] ** 2, tuple(b**2 for b in BOUNDS[0])) * Matern(
        START[1], BOUNDS[1], nu=0.5
    )
    for _ in range(ROUNDS):
        off = raw - level - course
        log = course + np.clip(off, -FARTHEST * noise, FARTHEST * noise)
        fitted = _Fitted(
            _likeliest(kernel, minutes, log, noise), tuple(readings), log, raw - level, noise, {}
        )
        course, error = fitted.without_own()
        noise = noise.copy()
        for kind in np.unique(kinds):
            rows = kinds == kind
            level[rows] = np.median(raw[rows] - course[rows])
            found = scatter_of(raw[rows] - level[rows] - course[rows]) ** 2 - float(
                np.median(error[rows] ** 2)
            )
            noise[rows] = np.sqrt(max(found, LEAST_SCATTER**2))
    off = raw - level - course
    log = course + np.clip(off, -FARTHEST * noise, FARTHEST * noise)
    scatter = {str(kind): float(noise[kinds == kind][0]) for kind in np.unique(kinds)}
    return _Fitted(_likeliest(kernel, minutes, log, noise), tuple(readings), log, raw - level, noise, scatter)


def _likeliest(
    kernel: Kernel, minutes: FloatArray, log: FloatArray, noise: FloatArray
) -> GaussianProcessRegressor:
    """Return the process whose size and length make the readings likeliest; a steady machine's size is at its bound."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return GaussianProcessRegressor(kernel, alpha=noise**2).fit(minutes[:, None], log)


def scatter_of(values: FloatArray, least: float = LEAST_SCATTER) -> float:
    """Return the standard deviation that the median absolute deviation speaks of; at least ``least``."""
    return max(float(1.4826 * np.median(np.abs(values - np.median(values)))), least)


def _unexplained(fitted: _Fitted) -> tuple[tuple[float, float], ...]:
    """Return stretches in which readings contradict one another: neither the course nor their scatter explains them."""
    course, error = fitted.without_own()
    far = np.abs(fitted.raw - course) > OFF * np.sqrt(error**2 + fitted.noise**2)
    order = np.argsort([one.minute for one in fitted.readings], kind="stable")
    minutes = np.array([fitted.readings[n].minute for n in order])
    found: list[tuple[float, float]] = []
    for first in range(len(order) - STRETCH + 1):
        if far[order[first : first + STRETCH]].mean() >= UNEXPLAINED:
            low, high = float(minutes[first]), float(minutes[first + STRETCH - 1])
            if found and low <= found[-1][1]:
                found[-1] = (found[-1][0], high)
            else:
                found.append((low, high))
    return tuple(found)


def _within(minute: float, stretches: Sequence[tuple[float, float]]) -> bool:
    return any(low <= minute <= high for low, high in stretches)
