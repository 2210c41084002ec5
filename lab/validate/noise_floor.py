"""How far off the latency models are when siblings of a network are known and only the network itself is held out.

Usage: python -m lab.validate.noise_floor [--write lab/notes/latency.md]
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from dsim.device import bundled_names, find_profile
from dsim.device.find import pool_of
from dsim.device.profile import DeviceProfile
from dsim.graph.key import NetworkKey
from dsim.latency.methods.fine.evidence import gather_fine
from dsim.latency.methods.fine.learn import hold_out_rows
from dsim.latency.methods.pooled.adapted import belief_of
from dsim.latency.methods.pooled.ensemble import hold_out
from dsim.latency.methods.pooled.evidence import gather
from dsim.report.table import TableData, table
from lab.marked import replace_block
from lab.validate.groups import GROUPS


def errors(profile: DeviceProfile) -> list[float]:
    """Return the error in percent of every clean network, predicted with its family known."""
    if profile.method == "fine":
        own = gather_fine(profile)
        # a network at another resolution is the same network
        alone = replace(own, family=np.array([NetworkKey.of(row.graph).name for row in own.rows]))
        log, _ = hold_out_rows(alone)
        shared = np.array([row.graph not in own.lonely for row in own.rows])
        return [float(abs(np.exp(off) - 1.0) * 100.0) for off in (log - own.log_ms)[shared]]
    evidence = gather(pool_of(profile))
    names = np.array([NetworkKey.of(row.graph).name for _, row in evidence.rows])
    held = hold_out(replace(evidence, family=names), belief=belief_of(profile))
    keep = evidence.reference & evidence.learnable & evidence.inside
    keep &= np.array([evidence.profiles[i].name == profile.name for i, _ in evidence.rows])
    return [float(abs(np.exp(off) - 1.0) * 100.0) for off in (held.reference_log - evidence.log_ms)[keep]]


def main() -> None:
    """Print, and write where asked."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--write", type=Path)
    wanted = parser.parse_args().write
    profiles = [find_profile(name) for name in bundled_names()]
    rows = []
    for group in GROUPS:
        own = [p for p in profiles if group.holds(p) and p.method != "operators"]
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
