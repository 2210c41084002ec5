"""What a handful of measurements is worth, and what to measure next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dsim.latency.features import FloatArray
from dsim.latency.methods.few_shot.combine import NOISE, Prior, believe, combine, scaled_errors
from dsim.latency.methods.few_shot.learner import LEAST
from dsim.latency.methods.few_shot.own import Own
from dsim.latency.methods.few_shot.reference import reference
from dsim.latency.methods.fine.correct import places
from dsim.threads import one_blas_thread

DRAWS = 20
STEPS = (3, 5, 7, 10, 15, 20, 30, 50, 100)
NEXT = 5


@dataclass(frozen=True)
class Point:
    """Median error in percent with so many measured networks, mean over draws, beside the nearest profile scaled."""

    networks: int
    median: float
    nearest: float


@dataclass(frozen=True)
class Advice:
    """What is told after an adaptation.

    Attributes
    ----------
    nearest
        (name, mean error in percent after one factor, weight) of the donors that it starts from, nearest first.
    left_out
        Errors in percent of every own network with its family left out, by key; NaN where too few others remain.
    curve
        Error against the number of measured networks, the others predicted.
    measure_next
        (key, log-spread before, log-spread after) of the networks that tell most about all others.
    """

    nearest: tuple[tuple[str, float, float], ...]
    left_out: dict[str, float]
    curve: tuple[Point, ...]
    measure_next: tuple[tuple[str, float, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, as ``dsim device adapt --json`` prints them."""
        return {
            "nearest": [{"device": name, "error_percent": e, "weight": w} for name, e, w in self.nearest],
            "left_out_percent": dict(self.left_out),
            "curve": [
                {"networks": p.networks, "median_percent": p.median, "nearest_percent": p.nearest}
                for p in self.curve
            ],
            "measure_next": [key for key, _, _ in self.measure_next],
        }

    @property
    def left_out_median(self) -> float:
        """Median absolute error in percent of own networks with their family left out, NaN where there is none."""
        known = [abs(error) for error in self.left_out.values() if not np.isnan(error)]
        return float(np.median(known)) if known else float("nan")


@one_blas_thread()
def advise(own: Own) -> Advice:
    """Say what a device's measurements are worth."""
    there = places(own.vectors, own.log_rate)
    prior = believe(own.table, there, own.measured, own.log_ms)
    order = np.argsort(-prior.start, kind="stable")[:NEXT]
    return Advice(
        tuple((str(own.names[d]), _percent(prior.error[d]), float(prior.start[d])) for d in order),
        _left_out(own, there),
        _curve(own, there),
        _next(own, prior),
    )


def _left_out(own: Own, there: FloatArray) -> dict[str, float]:
    families = own.families[own.measured]
    out = {own.keys[n]: float("nan") for n in own.measured}
    for family in np.unique(families):
        left = families == family
        if (~left).sum() < LEAST:
            continue
        said = _said(own, there, ~left)[own.measured[left]]
        for n, error in zip(own.measured[left], said - own.log_ms[left], strict=True):
            out[own.keys[n]] = _percent(error)
    return out


def _said(own: Own, there: FloatArray, use: NDArray[np.bool_] | NDArray[np.int64]) -> FloatArray:
    """Predict every network from some of those measured."""
    measured, log_ms = own.measured[use], own.log_ms[use]
    return combine(believe(own.table, there, measured, log_ms), measured, log_ms)


def _curve(own: Own, there: FloatArray) -> tuple[Point, ...]:
    rng, count, points = np.random.default_rng(0), len(own.measured), []
    for size in (size for size in STEPS if size <= count - 2):
        off, scaled = [], []
        for _ in range(DRAWS):
            order = rng.permutation(count)
            use, rest = order[:size], order[size:]
            measured, log_ms, asked = own.measured[use], own.log_ms[use], own.measured[rest]
            said = _said(own, there, use)[asked]
            factor, error = scaled_errors(own.table, measured, log_ms)
            lead = int(error.argmin())
            off.append(_median(said - own.log_ms[rest]))
            scaled.append(_median(own.table[asked, lead] + factor[lead] - own.log_ms[rest]))
        points.append(Point(size, float(np.mean(off)), float(np.mean(scaled))))
    return tuple(points)


def _next(own: Own, prior: Prior) -> tuple[tuple[str, float, float], ...]:
    """Choose greedily: each time the network whose measurement leaves the least variance over all reference networks."""
    size = len(reference().keys)
    covariance = prior.left(np.arange(size), own.measured)
    candidates = np.setdiff1d(np.arange(size), own.measured)
    out = []
    for _ in range(NEXT):
        before = float(np.sqrt(np.diag(covariance).mean()))
        gain = (covariance**2).sum(0) / (np.diag(covariance) + NOISE**2)
        best = int(candidates[gain[candidates].argmax()])
        column = covariance[:, best].copy()
        covariance = covariance - np.outer(column, column) / (column[best] + NOISE**2)
        candidates = candidates[candidates != best]
        out.append((own.keys[best], before, float(np.sqrt(np.maximum(np.diag(covariance), 0.0).mean()))))
    return tuple(out)


def _percent(log: float | FloatArray) -> float:
    return float((np.exp(log) - 1.0) * 100.0)


def _median(log: FloatArray) -> float:
    return float(np.median(np.abs(np.exp(log) - 1.0)) * 100.0)
