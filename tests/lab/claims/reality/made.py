"""Records made by hand, so that what is said of them can be worked out on paper."""

from __future__ import annotations

from dsim.accuracy.recipe import REFERENCE, Augment, Recipe, Teacher
from lab.claims.reality.records import BEYOND, NOTHING_FITS, Own, Standing

ALONE = Recipe(300, Teacher.NONE, Augment.STRONG, 224)
NAN = float("nan")


def standing(
    published: float,
    claimed: float,
    half: float = 1.0,
    alike: float = NAN,
    device: str = "phone",
    network: str = "later_a",
    held: str = "estimate",
    why_not: str = "",
) -> Standing:
    recipe = "unknown" if alike != alike else "300 epochs"
    head = (device, network, f"{network}@224", 1.0, published, recipe, False, True, held, why_not)
    if why_not == NOTHING_FITS:
        return Standing(*head)
    ends = (claimed - half, claimed + half)
    return Standing(*head, 1.0, 1.2, claimed, *ends, alike, alike - half, alike + half, "{}")


def own(
    published: float, predicted: float, measured_ms: float, own_ms: float, network: str = "later_a"
) -> Own:
    """The interval of latency is 20% either side, that of top-1 one point."""
    return Own(
        "phone",
        network,
        f"{network}@224",
        network.partition("_")[2],
        measured_ms,
        published,
        "300 epochs",
        own_ms,
        0.8 * own_ms,
        1.2 * own_ms,
        predicted,
        predicted - 1.0,
        predicted + 1.0,
        True,
    )


__all__ = ["ALONE", "BEYOND", "NAN", "NOTHING_FITS", "REFERENCE", "own", "standing"]
