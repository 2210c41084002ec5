"""How far off the latency models are when siblings of a network are known and only the network itself is held out.

Usage: python -m lab.validate.noise_floor [--write lab/notes/latency.md]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dsim.device import bundled_names, find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.learners import learner_of
from dsim.report.table import TableData, table
from lab.marked import replace_block
from lab.validate.groups import GROUPS
from lab.validate.held_apart import alone


def errors(profile: DeviceProfile) -> list[float]:
    """Return the error in percent of every clean network, predicted with its family known."""
    learner = learner_of(profile)
    evidence = learner.gather(profile)
    figures, (log_ms, _) = evidence.figures, alone(learner, evidence)
    own = figures.owner == evidence.index
    keep = own & figures.judged & figures.complete
    return [float(abs(np.exp(off) - 1.0) * 100.0) for off in (log_ms - figures.log_ms)[keep]]


def main() -> None:
    """Print, and write where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path)
    wanted = parser.parse_args().write
    profiles = [find_profile(name) for name in bundled_names()]
    rows = []
    for group in GROUPS:
        own = [p for p in profiles if group.holds(p) and not p.ops]
        if not own:
            continue
        off = np.concatenate([errors(profile) for profile in own])
        rows.append(
            (
                group.title,
                str(len(own)),
                f"{np.median(off):.1f} (<= {group.median:g})",
                f"{np.mean(off <= 10) * 100:.0f} (>= {group.within_10:g})",
                f"{np.mean(off <= 20) * 100:.0f} (>= {group.within_20:g})",
            )
        )
    numbers = ("how many", "median %", "within 10%", "within 20%")
    data: TableData = table(
        "Each network held out at all its resolutions, its family known: reached (asked with the family held out)",
        ("profiles", *numbers),
        rows,
        numbers,
    )
    print(data.markdown())
    if wanted:
        replace_block(wanted, "noise-floor", data.markdown())


if __name__ == "__main__":
    main()
