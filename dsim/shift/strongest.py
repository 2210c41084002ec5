"""The findings of a comparison: statistically significant differences, and how likely the strongest would come by chance.

A comparison asks hundreds of questions at once, and at 90% confidence one in ten intervals misses zero by chance alone. So
each difference is held against the number of questions of its sort (Bonferroni, on a normal approximation of its draws). A
chance is stated no finer than the draws resolve, and from few refits or halvings none is stated and nothing stands.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import ndtr, ndtri

from dsim.latency.methods.pooled.fit import CONTRAST_SD
from dsim.shift.enough import resolved, too_few_in
from dsim.shift.records import Comparison, Interval, SwapOn, SwapRow, Verdict
from dsim.shift.summary import kind_of

STANDS = 0.1  # chance below which a difference is called a finding
_TOLD = (Verdict.DIFFERENCE, Verdict.TOO_FEW)  # the interval does not include zero
_JUDGED = (*_TOLD, Verdict.NO_EVIDENCE, Verdict.TOO_SMALL)


class Sort(StrEnum):
    """What a difference is about; the first says most of how designs shift."""

    FLIP = "flip"  # best designs differ in a choice that pays more on one device
    REGRET = "regret"  # the best design of one device loses top-1 on another
    SWAP = "swap"  # one change of one design costs another share of its time


@dataclass(frozen=True)
class Finding:
    """One difference.

    Attributes
    ----------
    kind
        Chip, stack or both (`dsim.shift.summary.kind_of`).
    a, b
        The devices.
    difference
        What was compared with zero, in ``unit``.
    chance
        Of at least so strong a difference among as many comparisons of its sort where nothing differs, at most 1; None
        where refits or halvings are too few to state one.
    finest
        The smallest chance that the draws resolve; below it only this may be stated.
    steady
        False for a flip that came back in no more than half of the halvings, or that is no larger than one that a device
        shows against itself: it says more of the search than of the devices.
    text
        In words, with its interval.
    """

    sort: Sort
    kind: str
    a: str
    b: str
    difference: Interval
    unit: str
    chance: float | None
    finest: float
    steady: bool
    text: str

    @property
    def stands(self) -> bool:
        """True where so many comparisons would rarely show it by chance, and halves of the evidence show it too."""
        return self.chance is not None and self.chance < STANDS and self.steady

    @property
    def by_chance(self) -> str:
        """The chance in words, no finer than the draws resolve."""
        if self.chance is None:
            return "too few draws"
        return f"{self.chance:.2g}" if self.chance >= self.finest else f"< {self.finest:.1g}"


@dataclass(frozen=True)
class _Difference:
    sort: Sort
    a: str
    b: str
    difference: Interval
    unit: str
    significant: bool
    text: str
    steady: bool = True


def findings(found: Comparison) -> tuple[Finding, ...]:
    """List the differences whose interval does not include zero: those that stand first, then by sort and chance."""
    everything = [*_flips(found), *_regrets(found), *_swaps(found)]
    few, finest = bool(too_few_in(found)), resolved(0.0, found.draws)
    out = []
    for one in everything:
        if not one.significant:
            continue
        asked = sum(other.sort is one.sort for other in everything)
        kind = kind_of(found.pair(one.a, one.b))
        chance = min(1.0, asked * _chance(one.difference, found.confidence))
        out.append(
            Finding(
                *(one.sort, kind, one.a, one.b, one.difference, one.unit),
                *(None if few else chance, finest, one.steady, one.text),
            )
        )
    order = list(Sort)
    # from few draws no chance is stated, and the order is that of the questions
    return tuple(sorted(out, key=lambda f: (not f.stands, order.index(f.sort), f.chance or 0.0, f.a, f.b)))


def asked_and_told(found: Comparison) -> dict[Sort, tuple[int, int, float]]:
    """Return for each sort how many questions a comparison asked, how many intervals exclude zero, and the largest difference."""
    out = dict.fromkeys(Sort, (0, 0, 0.0))
    for one in (*_flips(found), *_regrets(found), *_swaps(found)):
        asked, told, largest = out[one.sort]
        out[one.sort] = (asked + 1, told + one.significant, max(largest, abs(one.difference.value)))
    return out


def strongest(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return the first finding of each kind of shift."""
    kinds = sorted({one.kind for one in found})
    return tuple(next(one for one in found if one.kind == kind) for kind in kinds)


def _chance(difference: Interval, confidence: float) -> float:
    """Return the two-sided chance of a difference as strong, by a normal with the width of the side that faces zero."""
    value = difference.value
    half = value - difference.low if value > 0 else difference.high - value
    if half <= 0:
        return 1.0
    deviations = abs(value) / half * float(ndtri(0.5 + confidence / 2.0))
    return 2.0 * float(ndtr(-deviations))


def largest_by_chance(found: Comparison, *devices: str) -> float:
    """Return the largest flip, in percent of the budget, that some devices show when they are compared with themselves; 0 where they were not."""
    return max(
        (
            count.largest
            for one in found.null
            for count in one.counts
            if one.device in devices and count.sort == Sort.FLIP
        ),
        default=0.0,
    )


def _flips(found: Comparison) -> Iterator[_Difference]:
    for flip in found.flips:
        if flip.apart is None or flip.verdict not in _JUDGED:
            continue
        more = "more" if flip.apart.value < 0 else "less"
        size = Interval(*_positive(flip.apart))
        yield _Difference(
            Sort.FLIP,
            flip.a,
            flip.b,
            flip.apart,
            "% of budget",
            flip.verdict in _TOLD,
            f"from {flip.a} to {flip.b} the best design changes {flip.choice} from {flip.before} to {flip.after}; alone, "
            f"this saves {size.value:.1f}% of the budget ({size.low:.1f} to {size.high:.1f}) {more} on {flip.b}; the best "
            f"designs differ so in {flip.seeds} of {flip.of_seeds} searches on halves of the measurements and with {flip.refits} of "
            f"{flip.of_refits} models learned anew",
            2 * flip.seeds > flip.of_seeds and size.value > largest_by_chance(found, flip.a, flip.b),
        )


def _regrets(found: Comparison) -> Iterator[_Difference]:
    for cell in found.cells:
        if cell.top1_lost is None or cell.of == cell.on or cell.verdict not in _JUDGED:
            continue
        lost = cell.top1_lost
        yield _Difference(
            Sort.REGRET,
            cell.of,
            cell.on,
            lost,
            "points",
            cell.verdict in _TOLD and lost.value > 0,
            f"the best design for {cell.of}, made smaller until it fits {cell.on}, "
            f"{found.words.below(lost.value, lost.low, lost.high)} there than that device's own best",
        )


def _swaps(found: Comparison) -> Iterator[_Difference]:
    base = {name: at.value for name, at in found.what_if.latency}
    for row in found.what_if.rows:
        priced = [on for on in row.on if on.ms is not None and on.verdict in _JUDGED]
        for a, b in itertools.combinations(priced, 2):
            if not found.pair(a.device, b.device).shared:
                yield _swap(found, row, a, b, base)


def _swap(found: Comparison, row: SwapRow, a: SwapOn, b: SwapOn, base: dict[str, float]) -> _Difference:
    """Compare a swap's share of the time on two devices; a difference where the intervals lie apart by at least what two runs of one laboratory differ by."""
    x, y = (_percent(on, base) for on in (a, b))
    return _Difference(
        Sort.SWAP,
        a.device,
        b.device,
        # profiles do not share their errors: the ends add up in squares
        Interval(
            y.value - x.value,
            y.value - x.value - ((y.value - y.low) ** 2 + (x.high - x.value) ** 2) ** 0.5,
            y.value - x.value + ((y.high - y.value) ** 2 + (x.value - x.low) ** 2) ** 0.5,
        ),
        "% of the network's time",
        (x.high < y.low or y.high < x.low) and abs(y.value - x.value) >= 100.0 * CONTRAST_SD,
        f"{row.kind} {row.before} to {row.after} changes the time of {found.what_if.design} by {x.value:+.1f}% "
        f"({x.low:+.1f} to {x.high:+.1f}) on {a.device} and by {y.value:+.1f}% ({y.low:+.1f} to {y.high:+.1f}) on {b.device}",
    )


def _percent(on: SwapOn, base: dict[str, float]) -> Interval:
    """Return a swap's milliseconds in percent of the design's time on that device."""
    assert on.ms is not None
    scale = 100.0 / base[on.device]
    return Interval(on.ms.value * scale, on.ms.low * scale, on.ms.high * scale)


def _positive(apart: Interval) -> tuple[float, float, float]:
    """Return size and ends of an interval that does not include zero, as positive numbers where its value is negative."""
    if apart.value < 0:
        return -apart.value, -apart.high, -apart.low
    return apart.value, apart.low, apart.high
