"""From chains to ops: the slope of time over copies, and what each op of a copy takes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dsim.op import Op

LEAST_LENGTHS = 2
# a median is never better known than this, whatever its samples say: a share of it, and milliseconds
LEAST_SHARE, LEAST_ERROR_MS = 1e-3, 1e-5
_NONE = 1e-6


@dataclass(frozen=True, slots=True)
class Slope:
    """Milliseconds that one more copy takes, and its standard error."""

    ms: float
    error_ms: float


def slope_of(copies: Sequence[int], ms: Sequence[float], error_ms: Sequence[float]) -> Slope:
    """Fit a line with a free start by least squares; points that lie off the line widen the error.

    Parameters
    ----------
    copies
        Lengths, at least two different ones.
    ms, error_ms
        Medians and their standard errors.
    """
    x, y = np.asarray(copies, dtype=float), np.asarray(ms, dtype=float)
    sd = np.maximum(np.asarray(error_ms, dtype=float), np.maximum(LEAST_SHARE * y, LEAST_ERROR_MS))
    columns = np.stack([np.ones_like(x), x], axis=1) / sd[:, None]
    found, *_ = np.linalg.lstsq(columns, y / sd, rcond=None)
    spread = np.linalg.inv(columns.T @ columns)
    rest = float(((columns @ found - y / sd) ** 2).sum())
    wide = max(1.0, rest / (len(x) - 2)) if len(x) > 2 else 1.0
    return Slope(float(found[1]), float((spread[1, 1] * wide) ** 0.5))


def solve(slopes: Sequence[Slope], units: Sequence[Mapping[Op, int]]) -> dict[Op, Slope]:
    """Share slopes among the ops of a copy: every slope is the sum of what its ops take.

    Parameters
    ----------
    slopes, units
        (C) of each chain: its slope, and how often a copy holds which op.

    Returns
    -------
    dict of Op to Slope
        The ops that the chains tell apart; others, for which a chain is missing, are left out.
    """
    ops = list(dict.fromkeys(op for unit in units for op in unit))
    if not ops:
        return {}
    at = {op: n for n, op in enumerate(ops)}
    counts: NDArray[np.float64] = np.zeros((len(units), len(ops)))
    for row, unit in enumerate(units):
        for op, count in unit.items():
            counts[row, at[op]] = count
    # what no chain tells apart has a part in the null space
    _, sizes, basis = np.linalg.svd(counts, full_matrices=True)
    rank = int((sizes > 1e-9 * sizes.max()).sum())
    told = (np.abs(basis[rank:]) < _NONE).all(axis=0)
    sd = np.array([max(one.error_ms, LEAST_ERROR_MS / 10) for one in slopes])
    inverse = np.linalg.pinv(counts / sd[:, None], rcond=1e-12)
    ms = inverse @ (np.array([one.ms for one in slopes]) / sd)
    error = np.sqrt((inverse**2).sum(axis=1))
    return {op: Slope(float(ms[n]), float(error[n])) for n, op in enumerate(ops) if told[n]}
