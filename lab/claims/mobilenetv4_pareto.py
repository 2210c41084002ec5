"""Check a published claim: MobileNetV4 is mostly Pareto-optimal across CPUs, DSPs, GPUs, the Neural Engine and the EdgeTPU.

Three laboratories timed its networks beside others: its authors on seven stacks of phones, the authors of iFormer on an
iPhone 13, and timm on desktops, where top-1 of one way of training is known as well. A network is Pareto-optimal where none of
another family is as fast and as accurate. All figures are those of the profiles.

Usage: python -m lab.claims.mobilenetv4_pareto
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dsim.accuracy.recipe import Augment
from dsim.accuracy.tables import read_rows
from dsim.device import find_profile
from dsim.device.find import pool_of
from dsim.latency.methods.pooled.fit import CONTRAST_SD
from dsim.report.table import TableData, table
from dsim.shift.in_common import RecipeClass, timed_networks, top1_by_class
from dsim.shift.measured_regret import SEED_POINTS
from lab.marked import replace_block
from lab.places import NOTES

FAMILY = ("mnv4", "mobilenetv4")
OWN, OTHER, TIMM = "mobilenetv4-paper", "iformer-paper", "timm"
WHO = {OWN: "its authors", OTHER: "iFormer's authors", TIMM: "timm"}
STACKS = {
    OWN: (
        "galaxy-s23-cpu",
        "galaxy-s23-gpu",
        "iphone13",
        "pixel4-dsp",
        "pixel6-cpu",
        "pixel7-gpu",
        "pixel8-edgetpu",
    ),
    OTHER: ("iphone13",),
    TIMM: ("i7-12700h", "i9-10940x", "rtx3090-eager", "rtx4090-compiled", "rtx5090-compiled"),
}
AS_FLOATS = "galaxy-s23-cpu-float"  # of its pool are the networks that ran as floats on two phones' CPUs
SOURCES = {OWN: "MobileNetV4 paper (arXiv 2404.10518)", OTHER: "iFormer paper (arXiv 2501.15369)"}
# every checkpoint of it in timm was trained for 500 epochs or more without a teacher (its paper says the same of its own)
TRAINED = RecipeClass("long", False, Augment.STRONG)
STATED = "as papers state it, trained unlike"
ALIKE = f"trained alike: {TRAINED.words}"
BEST = "best checkpoint on ImageNet-1k alone"


@dataclass(frozen=True)
class Network:
    """One timed network: milliseconds and top-1 on one stack."""

    name: str
    ms: float
    top1: float

    @property
    def asked(self) -> bool:
        """True for a MobileNetV4."""
        return self.name.lower().startswith(FAMILY)


@dataclass(frozen=True)
class Standing:
    """How the claim stands on one stack, by one laboratory and one sort of top-1.

    Attributes
    ----------
    networks
        How many of other families it was held against.
    asked
        How many MobileNetV4 were.
    optimal
        How many of these no other family's network equals in both.
    beaten
        How many are beaten by more than two runs (3% of the time) and two trainings (0.2 points) differ by.
    by
        What beats them so, each once.
    """

    profile: str
    lab: str
    top1: str
    networks: int
    asked: int
    optimal: int
    beaten: int
    by: tuple[str, ...]


def standing(profile: str, lab: str, top1: str, networks: Sequence[Network]) -> Standing:
    """Hold the MobileNetV4 among some networks against the others."""
    mine = [one for one in networks if one.asked]
    others = [one for one in networks if not one.asked]
    above = {one: [x for x in others if _dominates(x, one)] for one in mine}
    clear = {one: [x for x in found if _clearly(x, one)] for one, found in above.items()}
    by = dict.fromkeys(x.name for found in clear.values() for x in sorted(found, key=lambda x: -x.top1)[:1])
    return Standing(
        profile,
        lab,
        top1,
        len(others),
        len(mine),
        sum(not found for found in above.values()),
        sum(bool(found) for found in clear.values()),
        tuple(by),
    )


def _dominates(other: Network, one: Network) -> bool:
    return other.ms <= one.ms and other.top1 >= one.top1 and (other.ms, other.top1) != (one.ms, one.top1)


def _clearly(other: Network, one: Network) -> bool:
    return other.ms * (1.0 + CONTRAST_SD) <= one.ms and other.top1 >= one.top1 + SEED_POINTS


def standings() -> Iterator[Standing]:
    """Return how the claim stands everywhere, its authors' own table first."""
    for lab in (OWN, OTHER):
        for profile in STACKS[lab]:
            yield standing(profile, lab, STATED, _stated(profile, lab))
    best = _best(read_rows("top1.csv"))
    for profile in STACKS[TIMM]:
        ms = {key: taken for key, (taken, _) in timed_networks(find_profile(profile)).items()}
        for words, top1 in ((ALIKE, top1_by_class()[TRAINED]), (BEST, best)):
            networks = [Network(key, ms[key], top1[key]) for key in sorted(ms.keys() & top1.keys())]
            yield standing(profile, TIMM, words, networks)


def _stated(profile: str, lab: str) -> list[Network]:
    """Return what the bundled profile holds of one laboratory's classifiers, with the top-1 that it states.

    The authors' table has one column a CPU; what ran there as floats is of the same column.
    """
    columns = (
        find_profile(profile),
        *(one for one in pool_of(find_profile(AS_FLOATS)) if one.name == f"{profile}-float"),
    )
    return [
        Network(row.network, row.latency_ms, row.top1)
        for one in columns
        for row in one.networks
        if row.top1 is not None and row.source == SOURCES[lab]
    ]


def _best(rows: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the best top-1 by ``name@resolution``."""
    out: dict[str, float] = {}
    for row in rows:
        key = f"{row['network']}@{row['resolution']}"
        out[key] = max(out.get(key, 0.0), float(row["top1"]))
    return out


def pareto_table(found: Sequence[Standing]) -> TableData:
    """Return the table."""
    columns = (
        "stack",
        "timed by",
        "top-1",
        "others",
        "MobileNetV4",
        "Pareto-optimal",
        "clearly beaten",
        "by",
    )
    rows = [
        (
            one.profile,
            WHO[one.lab],
            one.top1,
            str(one.networks),
            str(one.asked),
            str(one.optimal),
            str(one.beaten),
            ", ".join(one.by[:3]) + (f" and {len(one.by) - 3} more" if len(one.by) > 3 else ""),
        )
        for one in found
    ]
    return table(
        "Is MobileNetV4 mostly Pareto-optimal?",
        columns,
        rows,
        columns[3:7],
        "Pareto-optimal: no network of another family is as fast and as accurate. Clearly beaten: by one that is at least "
        f"{CONTRAST_SD:.0%} faster and {SEED_POINTS:g} points better, as much as two runs and two trainings differ by.",
    )


def in_words(found: Sequence[Standing]) -> str:
    """Say how the claim stands by each laboratory and sort of top-1."""
    lines = []
    for lab, top1 in dict.fromkeys((one.lab, one.top1) for one in found):
        own = [one for one in found if (one.lab, one.top1) == (lab, top1)]
        optimal, asked, beaten = (
            sum(getattr(one, name) for one in own) for name in ("optimal", "asked", "beaten")
        )
        stands = "holds" if 2 * optimal > asked else "does not hold"
        lines.append(
            f"- Timed by {WHO[lab]} on {len(own)} stacks, top-1 {top1}: **{stands}**, {optimal} of {asked} are Pareto-optimal, "
            f"{beaten} clearly beaten."
        )
    return "\n".join(lines)


def main() -> None:
    """Check, and rewrite the block ``mobilenetv4``."""
    found = list(standings())
    replace_block(NOTES / "shift.md", "mobilenetv4", f"{in_words(found)}\n\n{pareto_table(found).markdown()}")


if __name__ == "__main__":
    main()
