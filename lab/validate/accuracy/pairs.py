"""Published pairs of networks that differ in one thing, and whether the sign of the difference is predicted right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.evidence import ABLATED_FILE, Results
from dsim.accuracy.tables import read_rows
from lab.validate.accuracy.holdout import HeldOut

CAFORMER_SIZES = ("s18", "s36", "m36", "b36")


@dataclass(frozen=True, slots=True)
class Pair:
    """One published pair and what was predicted for it with its family (or, for an effect, its network) unseen.

    Attributes
    ----------
    base, change
        The network, and what was changed in it.
    published, predicted
        Change of top-1 in points.
    """

    base: str
    change: str
    published: float
    predicted: float

    @property
    def sign_is_right(self) -> bool:
        """True where both differences point the same way."""
        return self.published * self.predicted > 0


def structure_pairs(evidence: Results, held_out: HeldOut) -> tuple[Pair, ...]:
    """Compare mixers and gates, both networks of a pair predicted without their family.

    Both are predicted at the recipe of their own row, which is the same for both.
    """
    first: dict[str, int] = {}
    for row, (network, resolution) in enumerate(zip(evidence.networks, evidence.resolutions, strict=True)):
        if resolution == 224:
            first.setdefault(network, row)
    pairs = []
    for raw in read_rows(ABLATED_FILE):
        base, variant = first.get(raw["base"]), first.get(raw["network"])
        if base is not None and variant is not None and raw["top1"] != raw["base_top1"]:
            change = float(held_out.top1[variant] - held_out.top1[base])
            pairs.append(
                Pair(raw["base"], raw["change"], float(raw["top1"]) - float(raw["base_top1"]), change)
            )
    for size in CAFORMER_SIZES:
        base, variant = first.get(f"convformer_{size}"), first.get(f"caformer_{size}")
        if base is not None and variant is not None:
            published = float(evidence.top1[variant] - evidence.top1[base])
            change = float(held_out.top1[variant] - held_out.top1[base])
            pairs.append(
                Pair(f"convformer_{size}", "convolution -> attention in stages 3 and 4", published, change)
            )
    return tuple(pairs)


def effect_pairs() -> tuple[Pair, ...]:
    """Compare activations and norms, each network's pairs predicted from the other networks' pairs.

    A choice that no other network has tried is predicted as no change, which counts as a wrong sign.
    """
    contrasts = load_contrasts()
    pairs = []
    for network in sorted({c.network for c in contrasts}):
        effects = fit_effects(tuple(c for c in contrasts if c.network != network))
        for c in (c for c in contrasts if c.network == network and c.delta):
            mean, _ = effects.contrast(c.before, c.after)
            pairs.append(Pair(network, f"{c.before} -> {c.after}", c.delta, mean))
    return tuple(pairs)


def share_right(pairs: tuple[Pair, ...]) -> float:
    """Share of pairs whose sign is right."""
    return float(np.mean([pair.sign_is_right for pair in pairs])) if pairs else float("nan")
