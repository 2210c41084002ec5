"""Measured networks that differ in one thing only: their ratio, beside the one predicted without their family."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dsim.latency.scoring import Held

PAIRS = Path(__file__).resolve().parents[1] / "data" / "pairs.csv"
NONE = 0.03  # ratios closer to one than this have no sign


@dataclass(frozen=True)
class PairRatio:
    """One choice on one profile: median log ratios over its pairs.

    Attributes
    ----------
    device, choice
        Profile, and what changes (``kind:from>to``).
    pairs
        How many pairs of networks were measured.
    measured, predicted
        Ratio of time, to over from; medians over the pairs.
    same_sign
        How many pairs are predicted to change in the direction measured, or measured not to change.
    """

    device: str
    choice: str
    pairs: int
    measured: float
    predicted: float
    same_sign: int


def pair_ratios(networks: Iterable[Held]) -> tuple[PairRatio, ...]:
    """Compare pairs of one profile's held-out networks; both of a pair are of one family, held out together."""
    known = {held.graph: held for held in networks}
    found: dict[str, list[tuple[float, float]]] = {}
    device = next((held.device for held in known.values()), "")
    with PAIRS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            a, b = known.get(row["a"]), known.get(row["b"])
            if a and b:
                ratios = (np.log(b.measured_ms / a.measured_ms), np.log(b.predicted_ms / a.predicted_ms))
                found.setdefault(row["choice"], []).append((float(ratios[0]), float(ratios[1])))
    return tuple(
        PairRatio(
            device,
            choice,
            len(ratios),
            float(np.exp(np.median([m for m, _ in ratios]))),
            float(np.exp(np.median([p for _, p in ratios]))),
            sum(abs(m) < NONE or m * p > 0 for m, p in ratios),
        )
        for choice, ratios in found.items()
    )
