"""A study at the size of image that is asked for: one, several of which the search takes the best, or a backbone's."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from dsim.device.find import name_at_batch
from dsim.errors import InvalidValueError, NothingFitsError
from dsim.limits import NAMES, Limits, read_limits
from dsim.search.clock import share_of
from dsim.search.result import StudyResult
from dsim.search.run import search
from dsim.search.space import Space
from dsim.search.spec import StudySpec
from dsim.search.task import TaskSource
from dsim.units import milliseconds

MOST = 8  # sizes in one command: each is a search of its own
_SIDE = re.compile(r"\d{1,9}")


def search_sizes(
    device: str,
    budget_ms: float | str,
    *,
    px: str | None = None,
    backbone: bool = False,
    name: str = "",
    time_s: float | str | None = None,
    **asked: Any,
) -> StudyResult:
    """Search at each size of image, and return the best of what was found.

    Top-1 is predicted for networks that are trained and tested at the size, so that a larger one may pay or not. Among sizes
    at which something fits, the highest pessimistic top-1 is the best; where nothing fits, the smallest budget that would do.
    A size at which no design keeps to the limits is named, and the others count.

    Parameters
    ----------
    px
        One side, several with commas, or with ``backbone`` the image of a detector, such as ``"512x640"``. None for the space's.
    backbone
        Price the four maps, without a head.
    name
        As for `search`; several sizes get a folder each, the size at its end.
    time_s
        Cap on the wall clock of all searches together; each gets an even share.
    asked
        As for `search`; ``accuracy`` as what `dsim.supernet.task_source` returns.

    Raises
    ------
    InvalidValueError
        A size is none, or several are asked for a backbone, whose top-1 does not depend on it.
    NothingFitsError
        No design keeps to the limits, at any size.
    """
    if backbone:
        if px is None or "," in px:
            raise InvalidValueError(
                f"a backbone is priced for images of one size, for its top-1 does not depend on it, got {px or 'none'}; give "
                "for example --px 512x640"
            )
        return search(device, budget_ms, backbone=px, name=name, time_s=time_s, **asked)
    if px is None:
        return search(device, budget_ms, name=name, time_s=time_s, **asked)
    sides = _sides(px)
    if len(sides) == 1:
        return search(device, budget_ms, px=sides[0], name=name, time_s=time_s, **asked)
    limits = Limits(**read_limits(*(asked.get(limited) for limited in NAMES)))
    on = name_at_batch(device, asked.get("batch"))
    source: TaskSource | None = asked.get("accuracy")
    task = source.task if source else None
    base = name or StudySpec(on, milliseconds(budget_ms), limits=limits, task=task).name
    results, refused = list[StudyResult](), dict[int, NothingFitsError]()
    share = share_of(time_s, len(sides))
    for side in sides:
        own = f"{base}-{side}px"
        try:
            results.append(search(device, budget_ms, px=side, name=own, time_s=share, **asked))
        except NothingFitsError as error:  # memory and MACs grow with the image
            refused[side] = error
            continue
        if results[-1].cost.interrupted:
            break
    if not results:
        raise refused[min(refused)]
    if len(results) == 1 and results[0].cost.interrupted:
        return results[0]
    best = min(results, key=_order)
    others = [f"{one.spec.space.resolution} px {_found(one)}" for one in results if one is not best]
    others += [f"{side} px has no design within the limits" for side in refused]
    searched = [*(one.spec.space.resolution for one in results), *refused]
    comes = "is the best" if best.chosen else "needs the smallest budget"
    here = f"{best.spec.space.resolution} px {comes} of {', '.join(map(str, searched))}"
    costs = [one.cost for one in results]
    cost = replace(
        best.cost,
        capped=any(one.capped for one in costs),
        interrupted=any(one.interrupted for one in costs),
        swept=all(one.swept for one in costs),
    )
    return replace(best, cost=cost, notes=(*best.notes, f"{here}; {'; '.join(others)}"))


def _sides(px: str) -> tuple[int, ...]:
    parts = [part.strip() for part in px.split(",")]
    if not all(_SIDE.fullmatch(part) for part in parts) or len(set(parts)) != len(parts) or len(parts) > MOST:
        raise InvalidValueError(
            f"--px must be a side in pixels, or up to {MOST} different ones with commas, got {px[:60]!r}; write 224 or 192,224,256 "
            "(512x640 needs --task backbone)"
        )
    sides = tuple(map(int, parts))
    for side in sides:  # a wrong one is refused before another is searched
        Space().fixed(resolution=side)
    return sides


def _order(result: StudyResult) -> tuple[bool, float]:
    if result.chosen:
        return False, -result.chosen.top1_low
    return True, result.nearest_feasible_budget_ms or float("inf")


def _found(result: StudyResult) -> str:
    if result.chosen is None:
        least = result.nearest_feasible_budget_ms
        return f"needs {least:.3g} ms" if least else "fits nothing"
    return (
        f"reaches {result.chosen.top1:.1f}% ({result.chosen.top1_low:.1f} to {result.chosen.top1_high:.1f})"
    )
