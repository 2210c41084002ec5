"""The smallest that a space has of what is limited: a limit below it is refused before a search begins."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from dsim.errors import NothingFitsError
from dsim.limits import NAMES, amount, short
from dsim.rounding import limit
from dsim.search.amounts import Ceiling
from dsim.search.grid import Grid
from dsim.search.mix import Mix, mix_from, parameters
from dsim.search.space import Space
from dsim.search.table import CostTable, Floats

# choices whose part of a design does not depend on the others: each is made by itself
_ALONE = ("stem", "mixer_1", "mixer_2", "mixer_3", "mixer_4")


def check_limits(space: Space, table: CostTable, likely: Sequence[Mix]) -> None:
    """Refuse limits that no design of a space can keep to.

    Within a mix, what is limited is least at the smallest widths, depths and ratios, all of it in one design: that of each mix
    is looked at. Whether top-1 can be estimated there, and what it takes in time, is not.

    Parameters
    ----------
    likely
        Mixes that are looked at first: where one of them keeps to all limits, no other is needed.

    Raises
    ------
    NothingFitsError
        Some limit is below the smallest that the space has, or each can be met and no design meets all.
    """
    ceiling = table.ceiling
    if ceiling is None:
        return
    space = _narrow(
        space
    )  # else the price of every block of the space is read, of which nearly none is asked for
    for mix in likely:
        columns = _smallest_of(space, mix, table)
        if columns is not None and ceiling.within(ceiling.shares(columns[None])).all():
            return
    least_each, nearest = [], []
    for designs in smallest_designs(space, table):
        shares = ceiling.shares(designs)
        if ceiling.within(shares).any():
            return
        least_each.append(ceiling.used(designs).min(axis=0))
        nearest.append(designs[int(np.argmin(shares))])
    least = dict(zip(NAMES, np.min(least_each, axis=0).tolist(), strict=True))
    for name, most in ceiling.limits.asked:
        if least[name] > limit(most):
            raise NothingFitsError(
                f"--{name} must leave at least one design of the space, got {short(name, most)}; the smallest has "
                f"{amount(name, least[name], most)}: allow more, or give a --space with smaller designs"
            )
    near = np.stack(nearest)
    raise NothingFitsError(
        f"limits must leave at least one design of the space, got {ceiling.limits.words}, and each can be met, but not all by one "
        f"design; the nearest has {_takes(ceiling, near[int(np.argmin(ceiling.shares(near)))])}: allow more, or give a --space with "
        "smaller designs"
    )


def smallest_designs(space: Space, table: CostTable) -> Iterator[Floats]:
    """Yield the columns (N, C) of the smallest design of each mix of a space, many mixes at a time."""
    rows = parameters(space)
    rest = {name: row for name, row in rows.items() if name not in _ALONE}
    for values in itertools.product(*rest.values()):
        chosen = dict(zip(rest, values, strict=True))
        base = _smallest_of(space, mix_from(space, chosen), table)
        if base is None:
            continue
        every = base[None]
        for name in (one for one in _ALONE if one in rows):
            others = (
                _smallest_of(space, mix_from(space, {**chosen, name: one}), table) for one in rows[name]
            )
            # each changes columns that no other choice changes, or sums
            changes = np.stack([one - base for one in others if one is not None])
            every = (every[:, None] + changes).reshape(-1, len(base))
        yield every


def no_design(ceiling: Ceiling, columns: Floats, in_region: NDArray[np.bool_]) -> str:
    """Say that no design of a search keeps to its limits, and what the nearest takes of each."""
    shares = ceiling.shares(columns)
    nearest = int(np.argmin(np.where(in_region, shares, np.inf) if in_region.any() else shares))
    return (
        f"limits must leave at least one design whose top-1 can be estimated, got {ceiling.limits.words}; the nearest that the "
        f"search found has {_takes(ceiling, columns[nearest])}: allow more"
    )


def _narrow(space: Space) -> Space:
    """Return the designs of a space that have its smallest widths and MLP ratios; mixes and depths stay."""
    return space.fixed(
        **{name: tuple((min(row),) for row in getattr(space, name)) for name in ("widths", "mlp_ratios")}
    )


def _takes(ceiling: Ceiling, columns: Floats) -> str:
    """Say what one design (C,) takes of each limit."""
    return ", ".join(amount(one.name, one.used, one.allowed) for one in ceiling.uses(columns))


def _smallest_of(space: Space, mix: Mix, table: CostTable) -> Floats | None:
    """Return the columns (C,) of the smallest design of a mix; None where it has none."""
    grid = Grid(space, mix, table)
    if grid.is_empty:
        return None
    axes = (*space.widths, *grid.depths, *space.mlp_ratios)
    columns = table.cut(grid.rows(np.array([[int(np.argmin(row)) for row in axes]]))).amounts
    return None if columns is None else np.asarray(columns[0])
