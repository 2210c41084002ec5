"""What a file of measurements holds, before its networks are looked up."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from dsim.device.profile import MeasuredOp
from dsim.errors import FileFormatError

LICENCE = "the user's own"
UNITS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}
MAX_BYTES = 20_000_000  # a file may come from a stranger
MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class FoundNetwork:
    """One measured network.

    Attributes
    ----------
    where
        File and row, for messages.
    reference
        As the file names it: a bundled graph, a preset, or the path of an .onnx or arch.json file.
    latency_ms
        Milliseconds for one image.
    source
        Where the figure comes from.
    layers_npu, layers_other
        How many layers ran on the neural accelerator and off it, None where the file does not say.
    """

    where: str
    reference: str
    latency_ms: float
    source: str
    layers_npu: int | None = None
    layers_other: int | None = None


@dataclass(frozen=True, slots=True)
class FoundKernels:
    """Times of one network's kernels in the order in which they ran: TFLite's names of operators, and milliseconds."""

    where: str
    reference: str
    kernels: tuple[tuple[str, float], ...]
    source: str


@dataclass(frozen=True)
class Found:
    """Everything that the files hold, and what was left out with the reason."""

    networks: tuple[FoundNetwork, ...] = ()
    ops: tuple[MeasuredOp, ...] = ()
    kernels: tuple[FoundKernels, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def __add__(self, other: Found) -> Found:
        """Put two files together."""
        return Found(
            self.networks + other.networks,
            self.ops + other.ops,
            self.kernels + other.kernels,
            self.notes + other.notes,
        )


def milliseconds(value: object, unit: str, where: str) -> float:
    """Turn a latency into milliseconds.

    Raises
    ------
    FileFormatError
        It is no positive, finite number of at most an hour, or the unit is unknown.
    """
    if unit not in UNITS:
        raise FileFormatError(f"{where}: a unit must be one of {', '.join(UNITS)}, got {unit!r}; correct it")
    try:
        found = float(str(value)) * UNITS[unit]
    except ValueError:
        found = math.nan
    if not math.isfinite(found) or not 0 < found <= 3.6e6:
        raise FileFormatError(
            f"{where}: a latency must be a positive number, got {str(value)[:40]!r}; correct it"
        )
    return found
