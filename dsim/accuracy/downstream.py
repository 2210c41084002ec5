"""How far ImageNet top-1 orders backbones by what they reach in a detector or segmenter: published results.

All detectors are Mask R-CNN trained for 12 epochs on COCO, all segmenters Semantic FPN trained for 40,000 steps on ADE20K.
Backbones began with weights from ImageNet; which ones a paper took is not always said, so that top-1 is that of the
usual weights. Source of each figure: ``dsim/data/accuracy/downstream.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dsim.accuracy.tables import read_rows
from dsim.kendall import taus

SAMPLES, SEED, LEVEL = 2000, 0, 0.9
FIGURES = {"box_ap": "box AP", "miou": "mIoU"}


@dataclass(frozen=True, slots=True)
class Order:
    """Kendall's tau between top-1 and another figure.

    Attributes
    ----------
    figure
        A key of `FIGURES`.
    networks, families
        How many it rests on.
    tau, low, high
        The estimate, and its 90% interval over samples of whole families.
    """

    figure: str
    networks: int
    families: int
    tau: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """What it is, as the middle of a sentence."""
        interval = f"{self.low:.2f} to {self.high:.2f}"
        return f"{FIGURES[self.figure]} by {self.tau:.2f} ({interval}; {self.networks} networks)"


@lru_cache(maxsize=1)
def orders() -> tuple[Order, ...]:
    """Return how top-1 orders box AP, and how mIoU."""
    return tuple(order_of(read_rows("downstream.csv"), figure) for figure in FIGURES)


def order_of(rows: list[dict[str, str]], figure: str) -> Order:
    """Work out how top-1 orders one figure; networks without it do not count."""
    known = [row for row in rows if row[figure]]
    top1, reached = (np.array([float(row[name]) for row in known]) for name in ("top1", figure))
    names = sorted({row["family"] for row in known})
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), SAMPLES)
    found = taus(top1, reached, drawn[:, [names.index(row["family"]) for row in known]])
    low, high = np.nanquantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    tau = float(taus(top1, reached, np.ones((1, len(known)), dtype=np.intp))[0])
    return Order(figure, len(known), len(names), tau, float(low), float(high))


def order_words() -> str:
    """Say how far top-1 can be trusted to order backbones, as a part of a sentence."""
    said = " and ".join(order.words for order in orders())
    return f"top-1 orders published backbones' {said} in Kendall's tau, where 1 is the same order and 0 none"
