"""Kernels as additive vectors: each member's milliseconds, launches, and how much of them is a guess."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dsim.latency.features import FloatArray
from dsim.latency.kernel import Kernel
from dsim.latency.methods.operators.kernel_groups import GROUPS, group_index
from dsim.latency.methods.operators.prices import MEMBERS, KernelPrices
from dsim.latency.methods.operators.seen import Timed
from dsim.latency.methods.operators.whole import Whole, fit_whole
from dsim.latency.records import Basis

COLUMNS: tuple[str, ...] = (
    *(f"ops_member_{k}" for k in range(MEMBERS)),
    *(f"ms_{name}" for name in GROUPS),
    *(f"launches_{name}" for name in GROUPS),
    "unsupported_ms",
    "new_ms",
)
_MS = slice(MEMBERS, MEMBERS + len(GROUPS))
_LAUNCHES = slice(_MS.stop, _MS.stop + len(GROUPS))
_UNSUPPORTED = _LAUNCHES.stop
_NEW = _UNSUPPORTED + 1
# spread of log milliseconds: what always remains, what the share of time in kernels that were never timed as they are adds
# (a foreign family holds 80% of them, a design 10%), what the members' disagreement adds, what unsupported kernels add
BASE_SPREAD = 0.03
BY_NEW = 0.06
BY_DISAGREEMENT = 2.0
BY_UNSUPPORTED = 1.0


def vectors_of(prices: KernelPrices, seen: Timed, kernels: Sequence[Kernel]) -> FloatArray:
    """Return vectors (K, F) of kernels (K); each distinct one is priced once.

    A kernel that nothing timed is like counts at the fastest rates learned.
    """
    distinct = list(dict.fromkeys(kernels))
    evidence = [seen.of(kernel) for kernel in distinct]
    unknown = np.array([one is Basis.UNSUPPORTED for one in evidence], dtype=bool)
    new = np.array([one is not Basis.MEASURED for one in evidence], dtype=bool)
    out = np.zeros((len(distinct), len(COLUMNS)))
    rows, group = np.arange(len(distinct)), np.array([group_index(kernel) for kernel in distinct], dtype=int)
    out[~unknown, :MEMBERS] = prices.ms([k for k, u in zip(distinct, unknown, strict=True) if not u])
    out[unknown, :MEMBERS] = prices.least_ms([k for k, u in zip(distinct, unknown, strict=True) if u])
    out[rows, _MS.start + group] = out[:, :MEMBERS].mean(1)
    out[rows, _LAUNCHES.start + group] = 1.0
    out[unknown, _UNSUPPORTED] = out[unknown, 0]
    out[new, _NEW] = out[new, :MEMBERS].mean(1)
    at = {kernel: n for n, kernel in enumerate(distinct)}
    return out[[at[kernel] for kernel in kernels]].reshape(-1, len(COLUMNS))


def whole_ms(phi: FloatArray, whole: Whole) -> FloatArray:
    """Return milliseconds (N,) of vectors (N, F)."""
    return np.maximum(whole.ms(phi[:, _MS], phi[:, _LAUNCHES]), 1e-6)


def fit_whole_to(phi: FloatArray, measured_ms: FloatArray, weight: FloatArray) -> Whole:
    """Fit what networks take beside their kernels to vectors (N, F), measured milliseconds and weights (N,)."""
    return fit_whole(phi[:, _MS], phi[:, _LAUNCHES], measured_ms, weight)


def shares_ms(phi: FloatArray, whole: Whole) -> FloatArray:
    """Return each kernel's part (K,) of a network's milliseconds, for the kernels' own vectors (K, F)."""
    own: FloatArray = whole.ms(phi[:, _MS], phi[:, _LAUNCHES]) - whole.fixed_ms
    return own


def log_ms(phi: FloatArray, whole: Whole) -> tuple[FloatArray, FloatArray]:
    """Return log milliseconds (N,) and their spread (N,) of vectors (N, F)."""
    log = np.log(whole_ms(phi, whole))
    apart = np.log(np.maximum(phi[:, :MEMBERS], 1e-6)).std(1)
    total = np.maximum(phi[:, :MEMBERS].mean(1), 1e-9)
    guessed, new = phi[:, _UNSUPPORTED] / total, phi[:, _NEW] / total
    spread = np.sqrt(
        BASE_SPREAD**2
        + (BY_NEW * new) ** 2
        + (BY_DISAGREEMENT * apart) ** 2
        + (BY_UNSUPPORTED * guessed) ** 2
    )
    return log, spread
