"""Paired draws: each draw has one value of every design's top-1 and of its milliseconds on every device.

A draw of latency has two parts. The families that were measured are drawn again and the model is learned again: what the
conclusion owes to the sample. And each piece of a design is mispriced by a factor of its own, so large that whole designs
of one family err against each other as held-out networks of one family do: what the model owes to its form. Pieces that
two designs share err alike, and so do pieces that differ in activation or norm alone, whose prices the profile's own
verdict speaks of.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from dsim.arch import Arch
from dsim.rounding import limit, steps, without_rounding
from dsim.search.pricer import LatencyPricer
from dsim.search.score import POINTS
from dsim.search.table import Floats
from dsim.shift.even import to_deviations, to_ranks
from dsim.shift.panel import Panel
from dsim.shift.records import Interval

_Model = TypeVar("_Model", bound=LatencyPricer)
PER_REFIT = 10  # draws of accuracy and of mispricing that go with each refit


@dataclass(frozen=True)
class DeviceDraws:
    """One device's draws.

    Attributes
    ----------
    ms, needs_ms
        (N,) milliseconds of the panel's designs by the model of all evidence, and the smallest budgets that they fit.
    refit_log
        (R, N) log of milliseconds under each refit over ``ms``.
    log
        (D, N) the same with mispricing, ``PER_REFIT`` draws to a refit.
    """

    ms: Floats
    needs_ms: Floats
    refit_log: Floats
    log: Floats

    def first(self, refits: int) -> DeviceDraws:
        """Return the draws of the first refits alone."""
        return replace(self, refit_log=self.refit_log[:refits], log=self.log[: refits * PER_REFIT])


@dataclass(frozen=True)
class Draws:
    """All draws of a comparison.

    Attributes
    ----------
    panel
        The designs.
    top1, top1_draws
        (N,) percent, and (D, N) drawn.
    on
        By device.
    confidence
        Level of intervals.
    unknown
        Rows of the panel whose accuracy nothing is known of.
    ranks
        Whether what stands as top-1 is a rank.
    """

    panel: Panel
    top1: Floats
    top1_draws: Floats
    on: dict[str, DeviceDraws]
    confidence: float
    unknown: frozenset[int] = frozenset()
    ranks: bool = False

    @property
    def count(self) -> int:
        """Number of draws."""
        return len(self.top1_draws)

    def ms(self, device: str, arch: Arch) -> tuple[float, Floats]:
        """Return a design's milliseconds on a device: the estimate, and (D,) draws."""
        n, on = self.panel.index(arch), self.on[device]
        return float(on.ms[n]), on.ms[n] * np.exp(on.log[:, n])

    def change_ms(self, device: str, before: Arch, after: Arch) -> tuple[float, Floats]:
        """Return what going from one design to another does: milliseconds, and (D,) draws."""
        (x, draws_x), (y, draws_y) = self.ms(device, before), self.ms(device, after)
        return y - x, draws_y - draws_x

    def change_interval(self, device: str, before: Arch, after: Arch, scale: float) -> Interval:
        """Return what going from one design to another does to milliseconds; it saves at most what the first one costs.

        Parameters
        ----------
        scale
            See `interval`.
        """
        found = self.interval(self.change_ms(device, before, after), scale)
        return replace(found, low=max(found.low, -self.ms(device, before)[0]))

    def top1_interval(self, arch: Arch) -> Interval | None:
        """Return a design's top-1 in percent; None where nothing is known of it."""
        n = self.panel.index(arch)
        if n in self.unknown:
            return None
        value = float(self.top1[n])
        found = self.interval((value, self.top1_draws[:, n]), value)
        return replace(found, low=max(found.low, 0.0), high=min(found.high, 100.0))

    def change_top1_interval(self, before: Arch, after: Arch, scale: float) -> Interval | None:
        """Return what going from one design to another does to top-1; None where nothing is known of either.

        Parameters
        ----------
        scale
            See `interval`.
        """
        if self.unknown & {self.panel.index(before), self.panel.index(after)}:
            return None
        return self.interval(self.change_top1(before, after), scale)

    def change_top1(self, before: Arch, after: Arch) -> tuple[float, Floats]:
        """Return what going from one design to another does to top-1: points, and (D,) draws."""
        x, y = self.panel.index(before), self.panel.index(after)
        return float(self.top1[y] - self.top1[x]), self.top1_draws[:, y] - self.top1_draws[:, x]

    def top1_lost(self, device: str, own: Arch, other: Arch, slope: float) -> tuple[float, Floats]:
        """Return the points by which ``other`` is less accurate than ``own`` at equal time, with (D,) draws.

        Where a draw makes one of the two slower than it was thought to be, it is moved along the device's front until
        it costs what it was thought to cost.

        Parameters
        ----------
        slope
            Of `Side.slope`: points of top-1 per unit of log milliseconds along the front; of ranks, deviations.
        """
        value, draws = self.change_top1(other, own)
        log, x = self.on[device].log, self.panel.index(own)
        late = log[:, x] - log[:, self.panel.index(other)]
        if self.ranks:
            at = to_deviations(self.top1_draws[:, x])
            return value, draws + to_ranks(at - slope * late) - to_ranks(at)
        return value, draws - slope * late

    def interval(self, pair: tuple[float, Floats], scale: float) -> Interval:
        """Make the central interval of draws, around the estimate: refits scatter about it with a bias of their own.

        Parameters
        ----------
        pair
            The estimate and its draws.
        scale
            Size of the thing that it is about, such as a design's own milliseconds: what is nothing beside it is 0.
        """
        value, draws = pair
        rest = (1.0 - self.confidence) / 2.0
        low, middle, high = (float(q) for q in np.quantile(draws, (rest, 0.5, 1.0 - rest)))
        ends = (value, value + low - middle, value + high - middle)
        return Interval(*(without_rounding(end, scale) for end in ends))


def draw_device(
    device: str,
    panel: Panel,
    model: _Model,
    refits: Iterable[_Model],
    vectors: Callable[[_Model], Floats],
    spread: float,
    confidence: float,
    seed: int,
) -> DeviceDraws:
    """Draw one device's milliseconds for a panel.

    Parameters
    ----------
    device
        Its name: mispricing is drawn for each device by itself.
    model, refits
        The model of all evidence, and those learned from drawn families; each is asked once.
    vectors
        Gives the pieces' vectors (P, F) under a model.
    spread
        Log-spread by which whole designs are mispriced against each other.
    """
    pieces = vectors(model)
    base = model.price(panel.counts @ pieces, confidence)
    ms = np.asarray(base.latency_ms)
    logs = [
        np.log(np.asarray(other.price(panel.counts @ vectors(other), confidence).latency_ms) / ms)
        for other in refits
    ]
    refit_log = np.array(logs).reshape(-1, len(panel))
    rng = np.random.default_rng([seed, zlib.crc32(device.encode())])
    shares = panel.shares(piece_ms(panel, model, pieces, ms, confidence))
    concentration = float(np.mean((shares**2).sum(1)))
    draws = len(refit_log) * PER_REFIT
    off = rng.standard_normal((draws, shares.shape[1])) * (spread / np.sqrt(max(concentration, 1e-12)))
    log = np.repeat(refit_log, PER_REFIT, axis=0) + off @ shares.T
    return DeviceDraws(ms, np.asarray(base.needs_ms), refit_log, log)


def piece_ms(panel: Panel, model: LatencyPricer, pieces: Floats, ms: Floats, confidence: float) -> Floats:
    """Return what each piece adds to each design (N, P): its milliseconds less those of the design without it."""
    out = np.zeros_like(panel.counts)
    designs, held = np.nonzero(panel.counts)
    whole = panel.counts @ pieces
    without = whole[designs] - panel.counts[designs, held][:, None] * pieces[held]
    rest = np.asarray(model.price(np.maximum(without, 0.0), confidence).latency_ms)
    out[designs, held] = np.maximum(ms[designs] - rest, 0.0)
    return out


def choose(
    on: DeviceDraws, rows: Sequence[int], top1_low: Floats, budget_ms: float, refit: int
) -> int | None:
    """Return which of some designs (rows of the panel) would be chosen on a device under one refit, or None."""
    at = np.asarray(rows, dtype=np.int64)
    needs = on.needs_ms[at] * np.exp(on.refit_log[refit, at])
    fits = at[needs <= limit(budget_ms)]
    return int(fits[np.argmax(steps(top1_low[fits], POINTS))]) if len(fits) else None
