"""Against the winner's curse: search with what one half of the families says, and ask the other half about the choice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import make_folder, write_atomic
from dsim.latency.refit import families_of, refit
from dsim.records import from_json, to_json
from dsim.search.judge import judge
from dsim.search.score import Scorer
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.study import search_mixes
from dsim.search.table import CostTable
from dsim.shift.accuracy import Accuracy
from dsim.shift.families import in_half, once_in_half
from dsim.shift.records import Halved
from dsim.shift.spec import ComparisonSpec

_NAN = float("nan")
Kept = TypeVar("Kept")


def halved_search(
    spec: ComparisonSpec,
    device: str,
    space: Space,
    budget_ms: float,
    split: int,
    accuracy: Accuracy,
    table: CostTable,
    mark: str,
    folder: Path | None,
) -> Halved:
    """Search on one half of the evidence of a device and score on the other, or take the result from its file.

    Parameters
    ----------
    space
        What the device's evidence can price.
    split
        Number of the halving; halves are the same families on every device.
    accuracy
        What designs are compared by.
    table
        Of the device; what it has read of designs is not read again.
    mark
        Hash of the device's evidence and of the accuracy model's.
    folder
        Where results are kept, or None.
    """
    about = {
        "inputs": {
            k: v for k, v in spec.inputs().items() if k in ("confidence", "fits_by", "fold_trials", "seed")
        },
        "space": space.to_dict(),
        "budget_ms": budget_ms,
        "split": split,
        "mark": mark,
    }
    name = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:16]
    path = folder / f"{device}-{split}-{name}.json" if folder else None
    return kept(path, Halved, lambda: _search(spec, device, space, budget_ms, split, accuracy, table))


def kept(path: Path | None, kind: type[Kept], make: Callable[[], Kept]) -> Kept:
    """Return what a file holds, or make it and write it there; None for no file."""
    if path is not None and path.exists():
        try:
            return from_json(kind, path.read_text(encoding="utf-8"))
        except (OSError, ValueError, FileFormatError):
            pass  # a damaged file is made again
    found = make()
    if path is not None:
        make_folder(path.parent)
        write_atomic(path, to_json(found) + "\n")
    return found


def _search(
    spec: ComparisonSpec,
    device: str,
    space: Space,
    budget_ms: float,
    split: int,
    accuracy: Accuracy,
    table: CostTable,
) -> Halved:
    names = families_of(device)
    chosen = in_half(spec.seed, split, 0)
    sizes = (sum(map(chosen, names)), len(names) - sum(map(chosen, names)))

    def failed(why: str) -> Halved:
        return Halved(device, split, *sizes, None, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, why, _NAN, _NAN)

    try:
        first, other = (_scorer(spec, device, budget_ms, split, half, accuracy, table) for half in (0, 1))
    except InvalidValueError as error:
        return failed(f"half of the evidence is too little: {error}")
    asked = StudySpec(
        device,
        budget_ms,
        spec.confidence,
        spec.fold_trials,
        seed=(spec.seed + 1 + split) % 2**32,
        space=space,
        task=spec.task,
    )
    found = search_mixes(asked, first, "halved")
    if found.cost.interrupted:
        raise KeyboardInterrupt
    if found.chosen is None:
        return failed("nothing fits by this half")
    claimed, scored = found.chosen, judge(found.chosen.arch, other)
    return Halved(
        device,
        split,
        *sizes,
        claimed.arch,
        claimed.latency_ms,
        claimed.high_ms,
        claimed.top1,
        claimed.top1_low,
        scored.latency_ms,
        scored.high_ms,
        scored.top1,
        "",
        claimed.needs_ms,
        scored.needs_ms,
    )


def _scorer(
    spec: ComparisonSpec,
    device: str,
    budget_ms: float,
    split: int,
    half: int,
    accuracy: Accuracy,
    table: CostTable,
) -> Scorer:
    latency = refit(device, once_in_half(spec.seed, split, half))
    model = accuracy.half(spec.seed, split, half)
    return Scorer(latency, model, table.refitted(latency, model), budget_ms, spec.confidence)
