"""Put what was asked of machines whose drift was divided out beside what was reached, before and after, into the notes.

Usage: python -m lab.validate.drift_tables (rewrites the block ``drift`` of lab/notes/measuring.md, and its plot)

Before: the same profile with each figure as it was timed, learned anew.
"""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dsim.device import find_profile
from dsim.device.drift import KEY, MEASURED, KeptDrift, read_drift
from dsim.device.folders import bundled_names
from dsim.device.load import load_profile
from dsim.device.profile import CHECK, DeviceProfile
from dsim.latency.checked import checked_networks
from dsim.latency.evidence import ALL
from dsim.latency.families import DESIGN
from dsim.latency.hold_out import held_out
from dsim.latency.learners import learner_of
from dsim.latency.networks import own_graphs, stored
from dsim.latency.scoring import Held
from dsim.measure.error_shares import error_shares
from dsim.measure.left_out import whole_log_ms
from dsim.measure.scores import score
from dsim.report.drift import drift_sentence
from dsim.report.table import TableData, table
from lab.marked import replace_block
from lab.places import NOTES

ASKED = ("asked", "", "85", "99", "0.995", "85")
BEFORE = "-as-timed"


def main() -> None:
    """Rewrite the block and the plot."""
    from lab.validate.drift_plot import draw_drift  # needs altair, which nothing else here does

    profiles = [
        profile for name in bundled_names() if read_drift((profile := find_profile(name)).folder) is not None
    ]
    rows: list[tuple[str, ...]] = [ASKED]
    with tempfile.TemporaryDirectory() as folder:
        for profile in profiles:
            before = load_profile(put_back(profile, Path(folder)))
            rows.append(_row(f"{profile.name}, as timed", plain_checks(before), ()))
            families = [one for one in held_out(profile.name) if not one.graph.startswith(DESIGN)]
            rows.append(_row(f"{profile.name}, drift off", checked_networks(profile.name, CHECK), families))
    words = [
        f"- **{profile.name}**: {error_shares(profile, checked_networks(profile.name, CHECK))}."
        for profile in profiles
    ]
    courses = {profile.chip: _kept(profile) for profile in profiles}
    told = [f"{machine}: {drift_sentence(course)}." for machine, course in courses.items()]
    text = "\n".join(
        [_table(rows).markdown(), *words, "", *told, "", "![the machine's speed over time](drift.png)", ""]
    )
    replace_block(NOTES / "measuring.md", "drift", text)
    draw_drift(courses, NOTES / "drift.png")


def _kept(profile: DeviceProfile) -> KeptDrift:
    kept = read_drift(profile.folder)
    assert kept is not None
    return kept


def put_back(profile: DeviceProfile, root: Path) -> Path:
    """Write a copy of a profile with its drift put back into each figure; learning scales operators to these."""
    name = f"{profile.name}{BEFORE}"
    folder = Path(shutil.copytree(profile.folder, root / name))
    about = folder / "profile.toml"
    about.write_text(
        about.read_text(encoding="utf-8").replace(f'"{profile.name}"', f'"{name}"'), encoding="utf-8"
    )
    with (folder / "networks.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["latency_ms"] = f"{float(row['latency_ms']) * float(row.pop('drift') or 1.0):.5g}"
    with (folder / "networks.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    kept = (folder / MEASURED).read_text(encoding="utf-8")
    (folder / MEASURED).write_text(kept.partition(f"[{KEY}]")[0], encoding="utf-8")
    return folder


def plain_checks(profile: DeviceProfile) -> tuple[Held, ...]:
    """Predict a profile's checks, without intervals: nothing is held out for them, and it is quick."""
    name = profile.name.removesuffix(BEFORE)
    rows = [row for row in profile.networks if row.role == CHECK]
    graphs = stored({row.graph for row in rows}, own_graphs((profile,)))
    learner = learner_of(profile)
    pricing = learner.learn(learner.gather(profile), ALL)
    log = whole_log_ms(pricing, [graphs[row.graph] for row in rows], profile.passes)
    return tuple(
        Held(name, row.graph, CHECK, row.latency_ms, float(ms), float(ms), float(ms), "", "inside")
        for row, ms in zip(rows, np.exp(log), strict=True)
    )


def _row(name: str, checked: Sequence[Held], families: Sequence[Held]) -> tuple[str, ...]:
    checks, unseen = score(checked), score(families)
    numbers = (
        (checks.within_5_percent, 1),
        (checks.within_10_percent, 1),
        (checks.spearman, 4),
        (unseen.within_10_percent, 1),
    )
    cells = ("-" if value is None else f"{value:.{digits}f}" for value, digits in numbers)
    return (name, str(checks.networks), *cells)


def _table(rows: list[tuple[str, ...]]) -> TableData:
    columns = (
        "profile",
        "designs",
        "within 5%",
        "within 10%",
        "Spearman",
        "unseen families within 10%",
    )
    return table(
        "Asked and reached, before and after the machine's drift was divided out",
        columns,
        rows,
        columns[1:],
        "Designs never learned from, and reference networks predicted without their family. No check has a part in the drift: "
        "it is read off networks that are learned from.",
    )


if __name__ == "__main__":
    main()
