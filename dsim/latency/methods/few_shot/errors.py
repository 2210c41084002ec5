"""How far few-shot learning is off on devices that were treated as new: what its intervals rest on.

`python -m lab.validate.fewshot` writes dsim/data/fewshot.csv: quantiles of the standardised errors of networks whose families neither
the device nor any donor had measured, by the number of measured networks.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import numpy as np

from dsim.latency.calibrate import Calibration, calibrate
from dsim.latency.features import FloatArray

FILE = Path(__file__).resolve().parents[3] / "data" / "fewshot.csv"
LEVELS = np.linspace(0.0025, 0.9975, 200)


@lru_cache(maxsize=1)
def simulated_errors() -> dict[int, FloatArray]:
    """Read quantiles (200,) of standardised errors by number of measured networks."""
    found: dict[int, list[float]] = {}
    with FILE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(int(row["networks"]), []).append(float(row["error"]))
    return {count: np.array(errors) for count, errors in sorted(found.items())}


def calibration_for(networks: int) -> Calibration:
    """Make the distribution of errors of a device with so many measured networks; fewer than simulated count as the least."""
    known = simulated_errors()
    return calibration_of(known[max((count for count in known if count <= networks), default=min(known))])


def calibration_of(errors: FloatArray) -> Calibration:
    """Make the distribution from standardised errors (E,), each of which counts the same and as likely above as below."""
    both = np.concatenate([errors, -errors])
    return calibrate(both, np.arange(len(both)).astype(str), np.zeros(len(both), dtype=np.int64), 0)


def quantiles_csv(errors: dict[int, FloatArray]) -> str:
    """Write quantiles of standardised errors by number of measured networks."""
    lines = ["networks,level,error"]
    for count, found in sorted(errors.items()):
        for level, value in zip(LEVELS, np.quantile(found, LEVELS), strict=True):
            lines.append(f"{count},{level:.4f},{value:.3f}")
    return "\n".join(lines) + "\n"
