"""Sums over records: medians, ranges, how often a figure lies inside, above or below an interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lab.claims.reality.dates import bare
from lab.claims.reality.records import BEYOND, NOTHING_FITS, Own, Standing
from lab.validate.accuracy.scores import clustered_interval


@dataclass(frozen=True)
class Gap:
    """Claimed less published top-1 in points, over some networks.

    Attributes
    ----------
    count
        Networks compared.
    median, least, largest
        Of the difference; nan where there is none.
    low_median
        Median of the difference with the lower end of the claim.
    low_above
        How often even the lower end lies above the published figure.
    inside, below, above
        How often the published figure lies inside, below or above the claimed interval.
    mean, mean_low, mean_high
        Mean difference and its 90% interval, families drawn with replacement; the interval is nan for fewer than three.
    """

    count: int
    median: float
    least: float
    largest: float
    low_median: float
    low_above: int
    inside: int
    below: int
    above: int
    mean: float
    mean_low: float
    mean_high: float


def gap(rows: Sequence[tuple[float, float, float, float]], groups: Sequence[str] = ()) -> Gap:
    """Sum up (published, claimed, low, high).

    Parameters
    ----------
    rows
        In percent.
    groups
        The family of each, or empty for no interval of the mean.
    """
    if not rows:
        nan = math.nan
        return Gap(0, nan, nan, nan, nan, 0, 0, 0, 0, nan, nan, nan)
    published, claimed, low, high = np.array(rows).T
    difference = claimed - published
    below, above = int((published < low).sum()), int((published > high).sum())
    ends = (math.nan, math.nan)
    if len(set(groups)) >= 3:
        ends = clustered_interval(difference, tuple(groups))
    return Gap(
        len(rows),
        float(np.median(difference)),
        float(difference.min()),
        float(difference.max()),
        float(np.median(low - published)),
        below,
        len(rows) - below - above,
        below,
        above,
        float(difference.mean()),
        *ends,
    )


def as_shown(records: Iterable[Standing]) -> list[tuple[float, float, float, float]]:
    """Return what a study shows: claims at the reference recipe, whatever the network's."""
    return [(r.published_top1, r.top1, r.top1_low, r.top1_high) for r in records if r.compared]


def alike(records: Iterable[Standing]) -> list[tuple[float, float, float, float]]:
    """Return claims at the network's own recipe, where that is known."""
    return [(r.published_top1, r.alike, r.alike_low, r.alike_high) for r in records if r.like]


@dataclass(frozen=True)
class Left:
    """Networks that were not compared: nothing fits, beyond the search, recipe unknown (of those compared as shown)."""

    nothing_fits: int
    beyond: int
    recipe_unknown: int


def left_out(records: Sequence[Standing]) -> Left:
    """Count what was not compared."""
    return Left(
        sum(r.why_not == NOTHING_FITS for r in records),
        sum(r.why_not == BEYOND for r in records),
        sum(r.compared and not r.like for r in records),
    )


@dataclass(frozen=True)
class OwnScore:
    """How models of an earlier time did on later networks themselves.

    Attributes
    ----------
    count
        Networks, one for each device.
    latency_error
        Median of |predicted / measured - 1|.
    latency_bias
        Median of predicted / measured - 1.
    latency_covered
        How many measured latencies lie inside the interval.
    told
        How many have a known recipe, on which the rest is based.
    top1_error, top1_bias
        Mean absolute error and mean of predicted less published top-1, points; each network counts once at each recipe,
        whatever the number of its devices.
    top1_covered, top1_networks
        How many published figures lie inside the interval, of how many different ones.
    """

    count: int
    latency_error: float
    latency_bias: float
    latency_covered: int
    told: int
    top1_error: float
    top1_bias: float
    top1_covered: int
    top1_networks: int


def told_once(records: Iterable[Own]) -> tuple[Own, ...]:
    """Return one record for each network and recipe whose top-1 could be asked for, whatever its devices and sources."""
    first: dict[tuple[str, str], Own] = {}
    for record in records:
        if not math.isnan(record.own_top1):
            first.setdefault((bare(record.graph), record.recipe), record)
    return tuple(first.values())


def own_score(records: Sequence[Own]) -> OwnScore:
    """Score the earlier models on later networks."""
    ratio = np.array([r.own_ms / r.measured_ms - 1.0 for r in records])
    told = [r for r in records if not math.isnan(r.own_top1)]
    once = told_once(told)
    errors = np.array([r.own_top1 - r.published_top1 for r in once])
    return OwnScore(
        len(records),
        float(np.median(np.abs(ratio))) if len(ratio) else math.nan,
        float(np.median(ratio)) if len(ratio) else math.nan,
        sum(r.own_ms_low <= r.measured_ms <= r.own_ms_high for r in records),
        len(told),
        float(np.abs(errors).mean()) if len(errors) else math.nan,
        float(errors.mean()) if len(errors) else math.nan,
        sum(r.own_top1_low <= r.published_top1 <= r.own_top1_high for r in once),
        len(once),
    )
