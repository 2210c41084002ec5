"""Whether two ONNX models compute the same: both run in ONNX Runtime on random inputs, without its own rewrites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dsim.advice.runtime import need_runtime, session_of
from dsim.errors import UnavailableError
from dsim.files import first_line

if TYPE_CHECKING:
    from onnx import ModelProto

RUNS = 3
RELATIVE = 1e-4  # of the largest output: what rounding makes of other orders of sums, in float32
HALF = 1e-2  # the same in float16
_TYPES = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(uint8)": np.uint8,
    "tensor(bool)": np.bool_,
}


@dataclass(frozen=True)
class Compared:
    """How far two models are apart: over all outputs and runs, the largest difference and the largest value."""

    difference: float
    largest: float
    allowed: float
    runs: int
    by: str

    @property
    def equal(self) -> bool:
        """True where rounding explains the difference; what is no number is never equal."""
        return bool(np.isfinite(self.largest)) and self.difference <= self.allowed


def compare(before: ModelProto, after: ModelProto, shapes: Mapping[str, tuple[int, ...]]) -> Compared:
    """Run two models on the same random inputs.

    Parameters
    ----------
    shapes
        Of the inputs, by name.

    Raises
    ------
    MissingPackageError
        ONNX Runtime is not installed.
    UnavailableError
        It cannot run one of the two.
    """
    runtime = need_runtime()
    try:
        one, other = (session_of(model) for model in (before, after))
        rng = np.random.default_rng(0)
        difference = largest = 0.0
        half = False
        for _ in range(RUNS):
            feed = {given.name: _random(rng, given.type, shapes[given.name]) for given in one.get_inputs()}
            for a, b in zip(one.run(None, feed), other.run(None, feed), strict=True):
                half |= a.dtype == np.float16
                if a.size:
                    x, y = a.astype(np.float64), b.astype(np.float64)
                    difference = float(np.maximum(difference, np.abs(x - y).max()))
                    largest = float(np.maximum(largest, np.abs(x).max()))
    except Exception as error:  # ONNX Runtime raises types of its own
        raise UnavailableError(
            f"ONNX Runtime must run the file to compare both forms, and cannot: {first_line(error)}; nothing was written"
        ) from error
    allowed = (HALF if half else RELATIVE) * largest
    return Compared(difference, largest, allowed, RUNS, f"ONNX Runtime {runtime.__version__}")


def _random(rng: np.random.Generator, kind: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    dtype = np.dtype(_TYPES[kind])
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    return rng.integers(0, 2, shape).astype(dtype)
