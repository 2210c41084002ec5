"""How many timings a study needs until its choice is as good as measurement's: `dsim confirm` played through on measured profiles.

Each profile with enough measured networks of known top-1 is treated as if nothing had been timed: networks are predicted with their family
held out, and the belief is of these errors. At three budgets the next network to time is drawn by what it takes from the risk, or at
random, and its measured figure is given. A play ends when the choice is within 0.2 points of the one that would be made, by the same rule,
if all networks had been timed.

Usage: python -m lab.claims.confirm_simulated [--devices iphone12,pixel6-cpu] [--keep]

With --keep it writes the block ``confirm`` of lab/notes/search.md.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import median

import numpy as np

from dsim.accuracy.tables import FOLDER
from dsim.confirm.belief import HALF_90, NOISE, Belief
from dsim.confirm.front import NEAR, POOL
from dsim.confirm.pick import pick
from dsim.device import list_profiles
from dsim.latency.hold_out import clean, held_out
from dsim.latency.scoring import Held
from dsim.latency.siblings import siblings
from dsim.report.table import table
from dsim.search.table import Floats
from lab.marked import replace_block
from lab.places import NOTES

CHANCE = 0.9
BUDGETS = (0.3, 0.5, 0.7)  # quantiles of the measured milliseconds
LEAST = 15  # networks near a budget
CLOSE = 0.2  # points
MOST = 12  # timings of a play
SEEDS = 5  # plays at random
Next = Callable[[Belief, list[int]], int]


@dataclass(frozen=True)
class Play:
    """One profile at one budget: how many timings each way took, `MOST` + 1 where it did not get there."""

    device: str
    budget_ms: float
    networks: int
    start: float
    chosen: int
    at_random: float


@cache
def top1() -> dict[str, float]:
    """Return published top-1 by graph: the highest of several recipes."""
    out: dict[str, float] = {}
    with (FOLDER / "top1.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            key = f"{row['network']}@{row['resolution']}"
            out[key] = max(float(row["top1"]), out.get(key, 0.0))
    return out


def belief_of(networks: Sequence[Held], between: float | None, budget_ms: float) -> Belief:
    """Return what the held-out predictions believe; networks of a family err alike in part."""
    off = np.array([np.log(one.high_ms / one.low_ms) / 2.0 / HALF_90 for one in networks])
    total = np.sqrt(np.maximum(off**2 - NOISE**2, NOISE**2))
    apart = np.minimum(total, between or np.inf)
    shared = np.sqrt(total**2 - apart**2)
    same = np.array([[one.family == other.family for other in networks] for one in networks])
    points = np.array([top1()[one.graph] for one in networks])
    ms = np.array([np.sqrt(one.low_ms * one.high_ms) for one in networks])
    covariance = np.outer(shared, shared) * same + np.diag(apart**2)
    return Belief(ms, covariance, np.zeros(len(networks)), points, points, budget_ms, CHANCE)


def play(belief: Belief, measured: Floats, draw: Next) -> tuple[int, float]:
    """Return how many timings it took, and what the choice lost at the start."""
    all_timed = belief.after(dict(enumerate(np.log(measured)))).best
    assert all_timed is not None  # such plays are left out
    best = float(belief.top1[all_timed])
    logs: dict[int, float] = {}
    start = 0.0
    for count in range(MOST + 1):
        now = belief.after(logs)
        row = now.best
        fits = row is not None and measured[row] <= belief.budget_ms
        worth = belief.top1[row] if row is not None and fits else belief.top1[int(np.argmin(measured))]
        lost = best - float(worth)
        start = lost if count == 0 else start
        if lost <= CLOSE:
            return count, start
        left = [one for one in range(len(measured)) if one not in logs]
        if not left:
            break
        at = draw(now, left)
        logs[at] = float(np.log(measured[at]))
    return MOST + 1, start


def telling(belief: Belief, left: list[int]) -> int:
    """Return the network that takes most from the risk; where those were timed already, the one whose fit is most in doubt."""
    rows, _ = pick(belief, 1, 3)
    doubtful = max(left, key=lambda row: belief.p_fits[row] * (1.0 - belief.p_fits[row]))
    return next((row for row in rows if row in left), doubtful)


def at_random(seed: int) -> Next:
    """Return a way to draw the next network at random."""
    rng = np.random.default_rng(seed)
    return lambda _, left: int(rng.choice(left))


def plays_of(device: str) -> tuple[Play, ...]:
    """Play a profile through at each budget."""
    known = [one for one in clean(held_out(device)) if one.graph in top1() and one.complete]
    if len(known) < LEAST:
        return ()
    between = siblings(device).spread
    out = []
    for share in BUDGETS:
        budget = float(np.quantile([one.measured_ms for one in known], share))
        near = [one for one in known if NEAR[0] * budget <= one.predicted_ms <= NEAR[1] * budget]
        near = sorted(near, key=lambda one: -top1()[one.graph])[:POOL]
        measured = np.array([one.measured_ms for one in near])
        belief = belief_of(near, between, budget)
        if len(near) < LEAST or belief.after(dict(enumerate(np.log(measured)))).best is None:
            continue
        chosen, start = play(belief, measured, telling)
        random = [play(belief, measured, at_random(seed))[0] for seed in range(SEEDS)]
        out.append(Play(device, budget, len(near), start, chosen, float(np.mean(random))))
    return tuple(out)


def simulated_table(plays: Sequence[Play]) -> str:
    """Return the table in Markdown, a row for each profile and budget."""
    rows = [
        (
            one.device,
            f"{one.budget_ms:.3g}",
            str(one.networks),
            f"{one.start:.1f}",
            _count(one.chosen),
            _count(one.at_random),
        )
        for one in plays
    ]
    columns = ("profile", "budget, ms", "networks", "points lost at first", "timings", "timings at random")
    done = sum(one.chosen <= MOST for one in plays)
    title = (
        f"{len(plays)} plays on {len({one.device for one in plays})} profiles: median {median(one.chosen for one in plays):g} timings, at "
        f"random {median(one.at_random for one in plays):g}; {done} came within {CLOSE} points in {MOST} timings"
    )
    return table(title, columns, rows, numbers=columns[1:]).markdown()


def _count(value: float) -> str:
    return f"{value:.3g}" if value <= MOST else f"over {MOST}"


def main() -> None:
    """Play the profiles through, and print the table or keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--devices", default=",".join(sorted(list_profiles())), help="names of profiles, with commas"
    )
    parser.add_argument("--keep", action="store_true", help="write the table into lab/notes/search.md")
    asked = parser.parse_args()
    plays: list[Play] = []
    for device in asked.devices.split(","):
        plays += plays_of(device)
        print(f"{device}: {sum(one.device == device for one in plays)} budgets", flush=True)
    text = simulated_table(plays)
    if asked.keep:
        replace_block(NOTES / "search.md", "confirm", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
