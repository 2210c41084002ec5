"""What every model checks before it prices."""

from __future__ import annotations

import numpy as np

from dsim.errors import InvalidValueError
from dsim.latency.features import FloatArray


def check_budget(budget_ms: float) -> None:
    """Refuse a budget that is not positive.

    Raises
    ------
    InvalidValueError
        The budget is not positive.
    """
    if not budget_ms > 0:
        raise InvalidValueError(f"a budget must be positive, got {budget_ms} ms; give milliseconds")


def check_vectors(phi: FloatArray, columns: tuple[str, ...]) -> FloatArray:
    """Return vectors (N, F) as floats.

    Raises
    ------
    InvalidValueError
        They have another shape.
    """
    array = np.asarray(phi, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(columns):
        raise InvalidValueError(f"phi must be (N, {len(columns)}), got {array.shape}; make it with featurise")
    return array
