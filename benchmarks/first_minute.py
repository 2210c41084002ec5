"""Processor time of the first and of a repeated ``dsim predict`` on every bundled profile.

Usage: python benchmarks/first_minute.py [--write benchmarks/README.md] [--keep RESULTS.json] [PROFILE ...]

Each profile starts with an empty cache. Asked, user and system time of the whole process: first at most 10 s for iPhones,
Snapdragons and phones, 20 s for others; repeated at most 1.2 s. With --keep what was measured before stays, and profiles
named are measured anew beside it.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path

from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.report.table import TableData, table
from lab.marked import replace_block

FIRST_S = {"iphone": 10.0, "snapdragon-npu": 10.0, "phone-cpu": 10.0, "phone-gpu": 10.0, "one-table": 10.0}
OTHERS_S, AGAIN_S = 20.0, 1.2
CODE = "from dsim.cli import main; main(['predict', 'efficientformer_l1', '--device', {!r}])"


def seconds(device: str, cache: str) -> float:
    """Run one prediction in a process of its own; its processor time in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", CODE.format(device)],
        env={**os.environ, "DSIM_CACHE": cache},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(device: str) -> dict[str, float]:
    """Measure the first prediction, and the quicker of two more."""
    with tempfile.TemporaryDirectory() as cache:
        first = seconds(device, cache)
        return {"first": first, "again": min(seconds(device, cache) for _ in range(2))}


def summary(found: dict[str, dict[str, float]]) -> TableData:
    """Put asked beside reached, by group, and name the slowest."""
    rows = []
    groups: dict[str, list[str]] = {}
    for name in found:
        groups.setdefault(bundled_profile(name).group, []).append(name)
    for group, names in sorted(groups.items()):
        asked = FIRST_S.get(group, OTHERS_S)
        first = sorted(names, key=lambda name: found[name]["first"])
        again = sorted(found[name]["again"] for name in names)
        over = sum(found[name]["first"] > asked for name in names)
        rows.append(
            (
                group,
                str(len(names)),
                f"{asked:.0f}",
                f"{found[first[len(first) // 2]]['first']:.1f}",
                f"{found[first[-1]]['first']:.1f} ({first[-1]})",
                str(over),
                f"{AGAIN_S}",
                f"{again[len(again) // 2]:.2f}",
                f"{again[-1]:.2f}",
            )
        )
    return table(
        "dsim predict efficientformer_l1 on every bundled profile: processor time in seconds",
        (
            "group",
            "profiles",
            "first, asked",
            "median",
            "slowest",
            "over",
            "again, asked",
            "median ",
            "slowest ",
        ),
        rows,
        numbers=("profiles", "first, asked", "median", "over", "again, asked", "median ", "slowest "),
        note=f"{len(found)} of {len(bundled_names())} profiles, each with an empty cache; user and system time of the "
        "whole process, the interpreter and all imports included.",
    )


def main() -> None:
    """Measure, print, and write the table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("profiles", nargs="*")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    if options.keep and options.keep.exists():
        found = json.loads(options.keep.read_text(encoding="utf-8"))
    wanted = options.profiles or [name for name in bundled_names() if name not in found]
    for name in wanted:
        found[name] = measure(name)
        print(f"{name}: first {found[name]['first']:.1f} s, again {found[name]['again']:.2f} s", flush=True)
        if options.keep:
            options.keep.write_text(json.dumps(found, indent=1), encoding="utf-8")
    data = summary(found)
    print(data.markdown())
    if options.write:
        replace_block(options.write, "python benchmarks/first_minute.py", data.markdown())


if __name__ == "__main__":
    main()
