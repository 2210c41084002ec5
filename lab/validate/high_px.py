"""How far off predictions are at 380 to 512 px, where detectors and segmenters work, beside those below.

Usage: python -m lab.validate.high_px (rewrites the block ``high px`` of lab/notes/latency.md; about two minutes)

Each family is held out; a network counts once on a device, at one size. Beside the error stands how many networks left the accelerator at
these sizes, with a 95% interval over networks (Jeffreys'): errors are of those that stayed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.stats import beta

from dsim.device import bundled_names, find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.hold_out import held_networks, hold_out_once
from dsim.latency.learners import learner_of
from dsim.latency.scoring import Held, score
from dsim.report.table import TableData, table
from lab.marked import replace_block
from lab.places import NOTES
from lab.validate.groups import GROUPS

NOTE = NOTES / "latency.md"
LOW_PX, HIGH_PX = 380, 512
LEAST = 5  # networks of a row: fewer say nothing
OTHERS = "all other profiles of networks"
NUMBERS = ("networks", "median %", "within 20%", "coverage %", "below: median %", "left", "below: left")


@dataclass(frozen=True)
class Sizes:
    """Networks of some profiles: those at `LOW_PX` to `HIGH_PX`, and those below."""

    high: tuple[Held, ...]
    below: tuple[Held, ...]

    @classmethod
    def of(cls, networks: Iterable[Held]) -> Sizes:
        """Part networks by their size; larger ones are in neither."""
        parts: tuple[list[Held], list[Held]] = ([], [])
        for one in networks:
            if (side := side_of(one.graph)) <= HIGH_PX:
                parts[side < LOW_PX].append(one)
        return cls(tuple(parts[0]), tuple(parts[1]))


def side_of(graph: str) -> int:
    """Return the side in pixels of ``name@resolution``."""
    return int(graph.rpartition("@")[2].partition("x")[0])


def left_words(networks: Sequence[Held]) -> str:
    """Say how many networks left the accelerator, and in what interval the share lies."""
    left, count = sum(bool(one.cliff) for one in networks), len(networks)
    low = float(beta.ppf(0.025, left + 0.5, count - left + 0.5)) if left else 0.0
    high = float(beta.ppf(0.975, left + 0.5, count - left + 0.5)) if left < count else 1.0
    return f"{left} of {count} ({low * 100:.0f} to {high * 100:.0f}%)"


def row(title: str, profiles: int, sizes: Sizes) -> tuple[str, ...]:
    """Return one row of the table."""
    stayed, below = ([one for one in part if not one.cliff] for part in (sizes.high, sizes.below))
    found = score(stayed)
    return (
        title,
        str(profiles),
        str(found.networks),
        f"{found.median:.1f}",
        f"{found.within_20:.0f}",
        f"{found.coverage:.0f}",
        f"{score(below).median:.1f}" if below else "none",
        left_words(sizes.high),
        left_words(sizes.below) if sizes.below else "none",
    )


def held(profiles: Sequence[DeviceProfile]) -> dict[str, Sizes]:
    """Return the networks of profiles in their reference protocols, each predicted without its family; pools once."""
    found: dict[str, Sizes] = {}
    for profile in profiles:
        if profile.name in found:
            continue
        learner = learner_of(profile)
        evidence = learner.gather(profile)
        pool = {one.name for one in evidence.profiles if type(learner_of(one)) is type(learner)}
        networks = held_networks(learner, evidence, hold_out_once(learner, evidence), pool)
        for name in pool:
            found[name] = Sizes.of(one for one in networks if one.device == name)
    return {profile.name: found[profile.name] for profile in profiles}


def main() -> None:
    """Judge all profiles, print the table, and write it down."""
    profiles = [find_profile(name) for name in bundled_names()]
    networks = held([p for p in profiles if not p.ops and _has_large(p)])
    rows, seen = [], set()
    for group in GROUPS:
        names = [p.name for p in profiles if p.name in networks and group.holds(p)]
        seen.update(names)
        rows += _rows(group.title, names, networks)
    rows += _rows(OTHERS, [name for name in networks if name not in seen], networks)
    data: TableData = table(
        f"Networks at {LOW_PX} to {HIGH_PX} px, each family held out, beside those below",
        ("profiles", "how many", *NUMBERS),
        rows,
        NUMBERS,
        "left: networks that left the accelerator, of all that were timed at these sizes; errors are of those that stayed. "
        f"Groups with fewer than {LEAST} networks there are left out.",
    )
    print(data.markdown())
    replace_block(NOTE, "high px", data.markdown())


def _has_large(profile: DeviceProfile) -> bool:
    keys = (row.graph for row in profile.networks if row.graph)
    return any(LOW_PX <= side_of(key) <= HIGH_PX for key in keys)


def _rows(title: str, names: Sequence[str], networks: dict[str, Sizes]) -> list[tuple[str, ...]]:
    high = [one for name in names for one in networks[name].high]
    if sum(not one.cliff for one in high) < LEAST:
        return []
    below = [one for name in names for one in networks[name].below]
    return [row(title, len(names), Sizes(tuple(high), tuple(below)))]


if __name__ == "__main__":
    main()
