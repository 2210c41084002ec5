"""What the accuracy model sees of many designs at once: planes over their sums, and how far features may lie from these.

A feature is the logarithm of a sum, a ratio of two, or the root of a spread that is made of ratios. Around one point each is nearly
linear in the sums. What the plane misses is held between two ends, which follow from those that the sums and ratios of the designs have:

- a logarithm is concave: the plane lies above it, by most at one of the ends;
- a ratio y = N / D, seen as (N - y0 D) / D1 beside y0, misses (y - y0)(1 - D / D1): a product of two intervals;
- a root is concave likewise, over the interval of what is below it.

Source: R. E. Moore, R. B. Kearfott and M. J. Cloud, Introduction to Interval Analysis, 2009; W. Dinkelbach, On nonlinear fractional
programming, 1967 (the ends of a ratio of sums).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.accuracy.effects import CHOICES
from dsim.accuracy.features import NAMES
from dsim.accuracy.summary import COLUMNS, INDEX, MIXERS, FloatArray

ROUNDS = 3  # of Dinkelbach's iteration; what it has not reached by then is made safe
FARTHEST = 12.0  # log2 of a side that no attention has
_NONE = 1e-9


@dataclass(frozen=True)
class Parts:
    """Designs as sums of one row of each part.

    Attributes
    ----------
    there
        Sums (S,) of the middle, which need not be those of a design.
    rows
        What each part adds to them, (N, S) each.
    """

    there: FloatArray
    rows: Sequence[FloatArray]

    def ends(self, of: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the least and the most (K,) that linear functions (K, S) of the sums can be."""
        low = of @ self.there
        high = low.copy()
        for part in self.rows:
            own = part @ of.T
            low += own.min(0)
            high += own.max(0)
        return low, high

    def ratios(
        self, above: FloatArray, below: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return the least and the most (K,) of ratios of linear functions (K, S), and of what is below the line."""
        top, bottom = above @ self.there, below @ self.there
        tops, bottoms = [part @ above.T for part in self.rows], [part @ below.T for part in self.rows]
        least = bottom + sum(one.min(0) for one in bottoms)
        most = bottom + sum(one.max(0) for one in bottoms)
        columns = np.arange(len(top))
        ends = []
        for sign in (1.0, -1.0):
            now = top / np.maximum(bottom, _NONE)
            for _ in range(ROUNDS):
                over, under = top.copy(), bottom.copy()
                for a, b in zip(tops, bottoms, strict=True):
                    at = (sign * (a - now * b)).argmin(0)
                    over += a[at, columns]
                    under += b[at, columns]
                now = over / np.maximum(under, _NONE)
            # by how much sign * (above - now * below) can still be below 0
            short = sign * (top - now * bottom)
            for a, b in zip(tops, bottoms, strict=True):
                short += (sign * (a - now * b)).min(0)
            ends.append(now + sign * np.minimum(short, 0.0) / np.maximum(least, _NONE))
        return ends[0], ends[1], least, most


def _sum(**columns: float) -> FloatArray:
    row = np.zeros(len(COLUMNS))
    for name, by in columns.items():
        row[INDEX[name]] += by
    return row


_MIXING = tuple(m for m in MIXERS if m not in ("vector", "attention"))
_BACKBONE = _sum(params=1.0, classifier_params=-1.0)
_WEIGHTS = {
    "layers": _sum(**{f"layers_{m}": 1.0 for m in _MIXING}),
    "macs": _sum(**{f"macs_{m}": 1.0 for m in _MIXING}),
    "params": _sum(**{f"params_{m}": 1.0 for m in _MIXING}),
}
_EVERY = _sum(**{f"layers_{m}": 1.0 for m in MIXERS})

# feature -> the sum behind its logarithm, and what is added to that sum
_LOGS: dict[str, tuple[FloatArray, float]] = {
    "log_params": (_BACKBONE, 0.0),
    "log_macs": (_sum(macs=1.0), 0.0),
    "log_activations": (_sum(activations=1.0), 0.0),
    "log_macs_per_position": (_sum(macs=1.0), 0.0),
    "log_activations_per_position": (_sum(activations=1.0), 0.0),
    "log_layers": (_WEIGHTS["layers"], 1.0),
    "log_residuals": (_sum(residuals=1.0), 1.0),
    "attention_layers": (_sum(softmaxes=1.0), 1.0),
    "gates": (_sum(gates=1.0), 1.0),
    "concats": (_sum(concats=1.0), 1.0),
    "pools": (_sum(pools=1.0), 1.0),
}
# feature -> numerator, denominator, sign
_RATIOS: dict[str, tuple[FloatArray, FloatArray, float]] = {
    "vector_params": (_sum(params_vector=1.0, classifier_params=-1.0), _BACKBONE, 1.0),
    "tokens": (_sum(softmax_side=1.0), _sum(softmaxes=1.0), 1.0),
    **{f"stride_{n}": (_sum(**{f"{n}_side": 1.0}), d, -1.0) for n, d in _WEIGHTS.items()},
    **{f"width_{n}": (_sum(**{f"{n}_width": 1.0}), d, 1.0) for n, d in _WEIGHTS.items()},
    **{f"macs_share_{m}": (_sum(**{f"macs_{m}": 1.0}), _sum(macs=1.0), 1.0) for m in MIXERS},
    **{f"layer_share_{m}": (_sum(**{f"layers_{m}": 1.0}), _EVERY, 1.0) for m in MIXERS},
}
# feature -> sums of squares and of sides, and their weight
_SPREADS = {
    f"spread_{n}": (_sum(**{f"{n}_side2": 1.0}), _sum(**{f"{n}_side": 1.0}), _WEIGHTS[n])
    for n in ("macs", "params")
}
# how much of a network uses each choice of activation and norm, in the order of `dsim.accuracy.effects.Effects`
_SHARES = tuple(
    (_sum(**{f"elements_{one}": 1.0}), _sum(**{f"elements_{other}": 1.0 for other in choices}), 1.0)
    for choices in CHOICES.values()
    for one in choices
)


@dataclass(frozen=True)
class Planes:
    """K features of designs, beside what they are in the middle: between ``slope @ (sums - middle) + low`` and the same with ``high``.

    Attributes
    ----------
    slope
        (K, S).
    low, high
        (K,) ends of what the planes miss.
    first, last
        (K,) ends of the features themselves, beside what they are in the middle.
    """

    slope: FloatArray
    low: FloatArray
    high: FloatArray
    first: FloatArray
    last: FloatArray


_LOG_AT = np.array([NAMES.index(name) for name in _LOGS])
_LOG_ROWS = np.array([row for row, _ in _LOGS.values()])
_LOG_PLUS = np.array([plus for _, plus in _LOGS.values()])
# places of ratios among features and shares, the sums above and below the line, and signs
_AT = np.array([*(NAMES.index(name) for name in _RATIOS), *(len(NAMES) + n for n in range(len(_SHARES)))])
_ABOVE, _BELOW = (np.array([row[n] for row in (*_RATIOS.values(), *_SHARES)]) for n in (0, 1))
_SIGN = np.array([row[2] for row in (*_RATIOS.values(), *_SHARES)])
_OF_SIDES = _BELOW[:, INDEX["softmaxes"]] > 0


def feature_planes(parts: Parts, values: FloatArray) -> Planes:
    """Return the planes of all features of ``NAMES``, then of the shares of each activation and norm.

    Parameters
    ----------
    parts
        The designs; planes are drawn around their middle.
    values
        The features and the shares there (F + E,).
    """
    count = len(values)
    slope = np.zeros((count, len(COLUMNS)))
    low, high, first, last = np.zeros((4, count))
    _of_logs(parts, slope, low, first, last)
    there = parts.there
    means = [(sides @ there) / (weight @ there) for _, sides, weight in _SPREADS.values()]
    moments = [  # around the mean that is there
        squares - 2.0 * mean * sides + mean * mean * weight
        for mean, (squares, sides, weight) in zip(means, _SPREADS.values(), strict=True)
    ]
    above = np.concatenate([_ABOVE, moments])
    below = np.concatenate([_BELOW, [weight for *_, weight in _SPREADS.values()]])
    by, down, up, least, most, known = _of_ratios(above, below, parts)
    n = len(_AT)
    slope[_AT] = _SIGN[:, None] * by[:n]
    for out, one, other in ((low, down, -up), (high, up, -down), (first, least, -most), (last, most, -least)):
        out[_AT] = np.where(_SIGN > 0, one[:n], other[:n])
    # where some designs have nothing below the line no plane is drawn: a share of nothing is 0, and so is a mean
    none = np.flatnonzero(~known[:n])
    at = _AT[none]
    slope[at] = 0.0
    some = parts.ends(_ABOVE[none])[1] > _NONE
    low[at] = first[at] = np.minimum(-values[at], 0.0)
    high[at] = last[at] = np.maximum(
        np.where(some, np.where(_OF_SIDES[none], FARTHEST, 1.0), 0.0) - values[at], 0.0
    )
    for k, name in enumerate(_SPREADS):
        place, mean = NAMES.index(name), NAMES.index(name.replace("spread", "stride"))
        shifts = max(abs(first[mean]), abs(last[mean])) ** 2
        middle = values[place] ** 2
        ends = max(middle + least[n + k] - shifts, 0.0), middle + most[n + k]
        first[place], last[place] = (float(np.sqrt(end)) - values[place] for end in ends)
        if values[place] < _NONE:
            low[place], high[place] = first[place], last[place]
            continue
        half = 0.5 / values[place]
        slope[place] = half * by[n + k]
        missed = [np.sqrt(end) - values[place] - half * (end - middle) for end in ends]
        low[place], high[place] = min(missed) + half * (down[n + k] - shifts), half * up[n + k]
    return Planes(slope, low, high, first, last)


def _of_logs(parts: Parts, slope: FloatArray, low: FloatArray, first: FloatArray, last: FloatArray) -> None:
    middle = _LOG_ROWS @ parts.there + _LOG_PLUS
    ends = [(end + _LOG_PLUS) / middle for end in parts.ends(_LOG_ROWS)]
    slope[_LOG_AT] = _LOG_ROWS / middle[:, None]
    low[_LOG_AT] = np.minimum(*(np.log(end) - (end - 1.0) for end in ends))
    first[_LOG_AT], last[_LOG_AT] = (np.log(end) for end in ends)


def _of_ratios(
    above: FloatArray, below: FloatArray, parts: Parts
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
    """Return slopes (K, S) of ratios, the ends (K,) of what they miss, those of the ratios beside the middle, and where this holds (K,)."""
    middle = below @ parts.there
    known = middle > _NONE
    ratio = (above @ parts.there) / np.where(known, middle, 1.0)
    least, most, bottom, top = parts.ratios(above, below)
    known &= bottom > _NONE
    scale = np.where(known, 0.5 * (bottom + top), 1.0)  # the plane is drawn with the middle of what is below
    ends = least - ratio, most - ratio
    corners = np.array([one * (1.0 - other / scale) for one in ends for other in (bottom, top)])
    rest = above - ratio[:, None] * below
    return rest / scale[:, None], corners.min(0), corners.max(0), *ends, known
