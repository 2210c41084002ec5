"""The null: a device compared with itself goes through the whole pipeline, and all that it finds is false.

The device is known once from one half of its families and once from the other. Each half has a model, a budget, a search with
a seed of its own and refits of its own, as two devices would. What is found is what the sample of networks, the search and
its seed make up. Half of the evidence makes a worse model than all of it; and both halves share the model's form, so that
what the form gets wrong on one device and not on the other does not show here.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

from dsim.device import find_profile
from dsim.errors import InvalidValueError
from dsim.latency.refit import can_refit, refit
from dsim.search.score import Scorer
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.shift.accuracy import Accuracy, draws_with
from dsim.shift.draws import DeviceDraws
from dsim.shift.false_findings import Null, NullCount
from dsim.shift.families import in_half, once_in_half, times_drawn
from dsim.shift.halved import kept
from dsim.shift.judge import designs_of, judge_all, pool_of_fronts
from dsim.shift.panel import Panel
from dsim.shift.records import Comparison
from dsim.shift.refits import LEAST_REFITS, TRIES, drawn_by
from dsim.shift.regret import shrunk_designs
from dsim.shift.side import Side
from dsim.shift.spec import ComparisonSpec
from dsim.shift.stack import Shift, pair_of
from dsim.shift.strongest import asked_and_told

SPLIT = 0  # the halving that both sides come from
HALVES = (0, 1)
_ASKED = (
    "confidence",
    "fits_by",
    "fold_trials",
    "refits",
    "seed",
    "like_design",
    "what_if_design",
    "task",
    "recipe",
)


def null_of(spec: ComparisonSpec, side: Side, accuracy: Accuracy, mark: str, folder: Path | None) -> Null:
    """Compare a device with itself, or take the result from its file.

    Parameters
    ----------
    side
        The device as the comparison knows it.
    accuracy
        What designs are compared by; both halves share it, as two devices do.
    mark
        Hash of the device's evidence and of the accuracy model's.
    folder
        Where results are kept, or None.
    """
    asked = {key: value for key, value in spec.inputs().items() if key in _ASKED}
    budget = spec.budgets_ms.get(side.device)
    about = {"inputs": asked, "budget_ms": budget, "space": side.space.to_dict(), "mark": mark}
    name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{side.device}-null-{name}.json" if folder else None
    return kept(path, Null, lambda: _compare(spec, side, accuracy))


def _compare(spec: ComparisonSpec, side: Side, accuracy: Accuracy) -> Null:
    try:
        sides = tuple(_half(spec, side, accuracy, half) for half in HALVES)
        shrunk = shrunk_designs(sides)
        pool = pool_of_fronts(sides, shrunk.values())
        panel = Panel(designs_of(spec, sides, shrunk, pool))
        on = {
            one.device: _drawn(spec, side, one, half, panel) for half, one in zip(HALVES, sides, strict=True)
        }
    except InvalidValueError as error:
        return Null(side.device, why_not=f"half of the evidence is too little: {error}")
    fewest = min(len(found.refit_log) for found in on.values())
    on = {name: found.first(fewest) for name, found in on.items()}
    draws, _ = draws_with(accuracy, spec, panel, side.scorer.table, on)
    profile = find_profile(side.device)
    pairs = [
        replace(pair_of(profile, profile), a=a.device, b=b.device, shift=Shift.STACK)
        for a, b in _pairs(sides)
    ]
    judged = judge_all(spec, sides, pairs, shrunk, pool, draws, ())
    found = Comparison(
        "",
        spec.inputs(),
        spec.confidence,
        "",
        (),
        tuple(pairs),
        judged.cells,
        judged.flips,
        judged.what_if,
        judged.robust,
        (),
        draws.count,
        fewest,
        (),
        0.0,
    )
    counts = (NullCount(str(sort), *counted) for sort, counted in asked_and_told(found).items())
    return Null(side.device, tuple(counts))


def _pairs(sides: tuple[Side, ...]) -> tuple[tuple[Side, Side], ...]:
    return tuple((a, b) for n, a in enumerate(sides) for b in sides[n:])


def _half(spec: ComparisonSpec, side: Side, accuracy: Accuracy, half: int) -> Side:
    """Return the device as one half of its families knows it, with what a search of its own found."""
    model = refit(side.device, once_in_half(spec.seed, SPLIT, half))
    like = model.price_network(spec.like.to_graph(), spec.confidence)
    budget = spec.budgets_ms.get(side.device) or float(f"{float(like.needs_ms[0]):.12g}")
    if not math.isfinite(budget):
        raise InvalidValueError(f"a budget must be enough for {spec.like_name}, got none; lower --confidence")
    table = side.scorer.table.refitted(model, accuracy.model)
    scorer = Scorer(model, accuracy.model, table, budget, spec.confidence)
    asked = StudySpec(
        side.device,
        budget,
        spec.confidence,
        spec.fold_trials,
        seed=(spec.seed + 1 + half) % 2**32,
        space=side.space,
        task=spec.task,
    )
    found = search_mixes(asked, scorer, "null")
    if found.cost.interrupted:
        raise KeyboardInterrupt
    name = f"{side.device}, half {half + 1}"
    return replace(side, device=name, scorer=scorer, best=found.chosen, front=found.front)


def _drawn(spec: ComparisonSpec, whole: Side, side: Side, half: int, panel: Panel) -> DeviceDraws:
    """Draw a half's milliseconds: refits on families of that half, drawn again."""
    chosen = in_half(spec.seed, SPLIT, half)

    def times(number: int) -> Callable[[str], int]:
        drawn = times_drawn(spec.seed, number)
        return lambda family: drawn(family) if chosen(family) else 0

    may = (n for n in range(TRIES * spec.refits) if can_refit(whole.device, times(n)))
    numbers = list(islice(may, spec.refits))
    if len(numbers) < LEAST_REFITS:
        raise InvalidValueError(
            f"a half must be learned again at least {LEAST_REFITS} times, got {len(numbers)}; raise --refits"
        )
    model = refit(whole.device, once_in_half(spec.seed, SPLIT, half))
    refits = (refit(whole.device, times(n)) for n in numbers)
    return drawn_by(spec, panel, side.device, side.spread, model, refits)
