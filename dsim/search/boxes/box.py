"""A box: some options of each stage of a room, all whose designs are bounded at once.

What a design lacks to 100 at its lower end is ``exp(u) - effect``. The exponential lies above its tangent, u above a polynomial of
the steps from the box's middle (`local`), a step is a sum over stages beside what planes miss (`planes`), and the concave part of the
polynomial is at least what the longest steps make of it. So what is left is a cost of each option, and a constant.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.features import NAMES, featurise
from dsim.accuracy.local import Local
from dsim.accuracy.planes import Parts, feature_planes
from dsim.accuracy.summary import FloatArray
from dsim.search.boxes.chain import Chain
from dsim.search.boxes.room import Room

Keep = tuple[NDArray[np.int64], ...]
WAYS = ("value", "slope", "curve")  # up to which derivative the polynomial goes
MUCH = 0.6  # of what the longest options of all stages take away
TINY = 1e-12


@dataclass(frozen=True)
class Box:
    """A box that is bounded.

    Attributes
    ----------
    room, keep
        The options: their numbers (N,) in each stage.
    bound
        What every design lacks to 100 at least, of those that fit.
    prices
        (K,) of what designs use (`Room.uses`), with which that was found.
    constant, costs
        The same as a sum, without what designs use: a number, and (N,) for each stage.
    steps
        (N, D) for each stage: what its options change in the kernel's coordinates.
    """

    room: Room
    keep: Keep
    bound: float
    prices: FloatArray
    constant: float
    costs: tuple[FloatArray, ...]
    steps: tuple[FloatArray, ...]

    @property
    def designs(self) -> int:
        """How many there are."""
        return math.prod(map(len, self.keep))

    @property
    def options(self) -> int:
        """How many options all stages have together."""
        return sum(map(len, self.keep))

    def halves(self) -> tuple[Keep, Keep]:
        """Split the stage that steps farthest, along the direction in which its options differ most, where they lie apart."""
        lengths = [float((own**2).sum(1).max()) if len(own) > 1 else -1.0 for own in self.steps]
        stage = int(np.argmax(lengths))
        own = self.steps[stage] - self.steps[stage].mean(0)
        along = own @ np.linalg.svd(own, full_matrices=False)[2][0]
        order = np.sort(along)
        rank = np.arange(1, len(order))
        cut = int(np.argmax(np.diff(order) * np.sqrt(np.minimum(rank, len(order) - rank))))
        left = along <= 0.5 * (order[cut] + order[cut + 1])
        if left.all() or not left.any():  # all alike
            left = np.arange(len(along)) < len(along) // 2
        here, there = (
            tuple(one[side] if n == stage else one for n, one in enumerate(self.keep))
            for side in (left, ~left)
        )
        return here, there


def box_of(room: Room, keep: Keep, best: float, prices: FloatArray, way: str) -> Box:
    """Bound a box, and leave out the options that no design takes which lacks less than ``best``.

    Parameters
    ----------
    best
        What a known design lacks to 100. The bound holds for designs that lack less; of others it may be that or more.
    prices
        (K,) of what designs use, to begin with.
    way
        One of ``WAYS``.
    """
    parts, own = _parts(room, keep)
    model, there = room.lower.model, parts.there
    effects = model.effects
    values = np.concatenate([featurise(there[None])[0], effects.shares(there[None])[0]])
    planes = feature_planes(parts, values)
    count, shares = len(model.pick), np.arange(len(NAMES), len(values))
    pick = np.concatenate([model.pick, shares])
    scale = np.concatenate([model.scale, np.ones(len(shares))])
    slope = planes.slope[pick] * scale[:, None]
    low, high, first, last = (
        one[pick] * scale for one in (planes.low, planes.high, planes.first, planes.last)
    )
    for mixed in parts.rows[len(own) :]:  # what two widths make together belongs to no stage
        both = mixed @ slope.T
        low, high = low + both.min(0), high + both.max(0)
    steps = [one @ slope.T for one in own]

    shift = effects.shift(there[None])[0]
    most_effect = float(shift @ effects.mean) + _most(effects.mean, first[count:], last[count:])
    bend = 2.0 * (effects.covariance @ shift)
    doubt = float(shift @ effects.covariance @ shift) - _most(-bend, first[count:], last[count:])
    # a design that lacks less than the best has no larger error
    doubt = max(doubt, 0.0) / (best + most_effect) ** 2
    at = (values[model.pick] - model.center) * model.scale
    far = np.maximum(np.abs(first), np.abs(last))[:count]
    if room.lower.holds_for_none(at, float(np.sqrt((far**2).sum()))):
        return Box(room, tuple(one[:0] for one in keep), np.inf, prices, np.inf, (), ())
    local = room.lower.around(at, doubt)
    error = best + float(shift @ effects.mean)  # where the exponential is touched
    constant = error * (1.0 + local.value - math.log(error)) - float(shift @ effects.mean)
    up = {"value": local.line, "slope": local.slope, "curve": local.slope}[way]
    by = np.concatenate([error * up, -effects.mean])
    constant -= _most(-by, low, high)
    costs = [one @ by for one in steps]

    in_kernel = [one[:, :count] for one in steps]
    missed = np.maximum(np.abs(low), np.abs(high))[:count]
    constant -= error * _rest(local, in_kernel, far, missed, way)
    if way == "curve":
        bent, costs = _concave(error * 0.5 * local.curve, in_kernel, far, missed, costs)
        constant -= bent
    uses = [one.take(keep) for one in room.uses]
    cheapest = Chain(costs, uses, room.widths(keep)).cheapest(prices)
    left = [constant + each < best for each in cheapest.each]
    return Box(
        room,
        tuple(one[some] for one, some in zip(keep, left, strict=True)),
        constant + cheapest.least,
        cheapest.prices,
        constant,
        tuple(one[some] for one, some in zip(costs, left, strict=True)),
        tuple(one[some] for one, some in zip(in_kernel, left, strict=True)),
    )


def _parts(room: Room, keep: Keep) -> tuple[Parts, list[FloatArray]]:
    """Return the designs as parts, and the first of these, which are the stages: downsamplers are shared out to the stages they join."""
    rows = [one[own] for one, own in zip(room.rows, keep, strict=True)]
    there, mixed = np.zeros(rows[0].shape[1]), []
    found = [np.unique(own, return_inverse=True) for own in room.widths(keep)]
    for n, down in enumerate(room.downs):
        (before, at_before), (here, at_here) = found[n], found[n + 1]
        own = down[np.ix_(before, here)]
        mean = own.mean((0, 1))
        by_before, by_here = own.mean(1) - mean, own.mean(0) - mean
        there = there + mean
        rows[n] = rows[n] + by_before[at_before]
        rows[n + 1] = rows[n + 1] + by_here[at_here]
        if len(before) > 1 and len(here) > 1:
            mixed.append((own - mean - by_before[:, None] - by_here[None]).reshape(-1, len(mean)))
    middles = [one.mean(0) for one in rows]
    stages = [one - middle for one, middle in zip(rows, middles, strict=True)]
    return Parts(there + np.sum(middles, axis=0), [*stages, *mixed]), stages


def _most(by: FloatArray, low: FloatArray, high: FloatArray) -> float:
    """Return the most that ``by @ x`` can be for x between two ends (K,)."""
    return float(np.maximum(by * low, by * high).sum())


def _rest(local: Local, steps: list[FloatArray], far: FloatArray, missed: FloatArray, way: str) -> float:
    """Return what the polynomial misses at most, for steps that go as far as ``far`` (D,), of which planes miss up to ``missed`` (D,)."""
    sizes = far[: len(local.stretch)]
    spread = np.diag(missed**2 / 3.0) + sum(one.T @ one / len(one) for one in steps)
    turn = np.linalg.eigh(spread)[1][:, ::-1]
    along = sum((np.abs(one @ turn).max(0) for one in steps), start=np.zeros(len(far)))
    off = float(np.sqrt((missed**2).sum()))
    inside = min(float(np.sqrt((far**2).sum())), float(np.sqrt((along**2).sum())) + off)
    if way == "value":
        return local.value_missed(inside, sizes)
    if way == "slope":
        return local.tangent_missed(inside, sizes)
    # beside the first directions: what planes miss is no longer than the whole, nor than its coordinates' parts together
    behind = np.cumsum(((turn * missed[:, None]) ** 2)[:, ::-1], axis=1)[:, ::-1]
    beside = np.sqrt(np.cumsum(along[::-1] ** 2)[::-1]) + np.minimum(np.sqrt(behind).sum(0), off)
    return local.missed(turn, inside, np.minimum(np.append(beside[1:], 0.0), inside), sizes)


def _concave(
    form: FloatArray, steps: list[FloatArray], far: FloatArray, missed: FloatArray, costs: list[FloatArray]
) -> tuple[float, list[FloatArray]]:
    """Return what a quadratic form takes away at most: a number, and costs with what is told option by option."""
    values, vectors = np.linalg.eigh(form)
    root = vectors[:, values < 0.0] * np.sqrt(-values[values < 0.0])
    seen = [one @ root for one in steps]
    off = np.abs(root).T @ missed
    along = off + sum((np.abs(one).max(0) for one in seen), start=np.zeros(len(off)))
    whole = min(float((along**2).sum()), float(((np.abs(root).T @ far) ** 2).sum()))
    # or by Cauchy and Schwarz, |a + b + ...|^2 <= (|a|^2 / p + |b|^2 / q + ...) where p + q + ... = 1
    squares = [(one**2).sum(1) for one in seen]
    lengths = [math.sqrt(float(one.max())) for one in squares]
    beside = float(np.sqrt((off**2).sum()))
    total = sum(lengths) + beside
    if whole < MUCH * total**2:
        return whole, costs
    shares = [max(length, TINY) / total for length in lengths]
    return beside * total, [
        cost - square / share for cost, square, share in zip(costs, squares, shares, strict=True)
    ]
