"""The smallest that a space has of what is limited: a limit below it is refused before a search begins."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dsim.errors import NothingFitsError
from dsim.limits import NAMES, amount, short
from dsim.rounding import limit
from dsim.search.amounts import COUNTS, Ceiling
from dsim.search.grid import AXES, Grid
from dsim.search.mix import Mix, mix_from, parameters
from dsim.search.space import Space
from dsim.search.table import CostTable, Floats

# choices whose part of a design does not depend on the others: each is made by itself
_ALONE = ("stem", "mixer_1", "mixer_2", "mixer_3", "mixer_4")


def check_limits(space: Space, table: CostTable, likely: Sequence[Mix]) -> None:
    """Refuse limits that no design of a space can keep to.

    Parameters
    ----------
    likely
        Mixes that are looked at first: where one of them keeps to all limits, no other is needed.

    Raises
    ------
    NothingFitsError
        Some limit is below the smallest that the space has.
    """
    ceiling = table.ceiling
    if ceiling is None:
        return
    for mix in likely:
        columns = _smallest_of(space, mix, table)
        if columns is not None and ceiling.within(ceiling.shares(columns[None])).all():
            return
    least = dict(zip(NAMES, smallest(space, table).tolist(), strict=True))
    for name, most in ceiling.limits.asked:
        if least[name] > limit(most):
            raise NothingFitsError(
                f"--{name} must leave at least one design of the space, got {short(name, most)}; the smallest has "
                f"{amount(name, least[name])}: allow more, or give a --space with smaller designs"
            )


def smallest(space: Space, table: CostTable) -> Floats:
    """Return the least parameters, multiply-accumulates, bytes of activations and of weights (4,) of any design of a space.

    Each is least at the smallest widths, depths and ratios.
    """
    assert table.ceiling is not None
    rows = parameters(space)
    rest = {name: row for name, row in rows.items() if name not in _ALONE}
    found = []
    for values in itertools.product(*rest.values()):
        chosen = dict(zip(rest, values, strict=True))
        base = _smallest_of(space, mix_from(space, chosen), table)
        if base is None:
            continue
        least = base.copy()
        for name in (one for one in _ALONE if one in rows):
            others = (
                _smallest_of(space, mix_from(space, {**chosen, name: one}), table) for one in rows[name]
            )
            every = np.stack([base, *(one for one in others if one is not None)])
            least[:COUNTS] += (every - base)[:, :COUNTS].min(axis=0)
            least[COUNTS:] = np.minimum(least[COUNTS:], every[:, COUNTS:].min(axis=0))
        found.append(least)
    return np.asarray(table.ceiling.used(np.stack(found)).min(axis=0))


def no_design(ceiling: Ceiling, columns: Floats, in_region: NDArray[np.bool_]) -> str:
    """Say that no design of a search keeps to its limits, and what the nearest takes of each."""
    shares = ceiling.shares(columns)
    nearest = int(np.argmin(np.where(in_region, shares, np.inf) if in_region.any() else shares))
    uses = ceiling.uses(columns[nearest])
    return (
        f"limits must leave at least one design whose top-1 can be estimated, got {ceiling.limits.words}; the nearest that the "
        f"search found has {', '.join(amount(one.name, one.used) for one in uses)}: allow more"
    )


def _smallest_of(space: Space, mix: Mix, table: CostTable) -> Floats | None:
    """Return the columns (C,) of the smallest design of a mix; None where it has none."""
    grid = Grid(space, mix, table)
    if grid.is_empty:
        return None
    columns = table.cut(grid.rows(np.zeros((1, AXES), dtype=np.int64))).amounts
    return None if columns is None else np.asarray(columns[0])
