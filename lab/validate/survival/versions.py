"""Two versions of dsim on one cache, in both orders: each answers as it does with a cache of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from dsim.search.space_file import space_toml
from lab.places import ROOT
from lab.validate.survival.outcome import differences, outcome
from lab.validate.survival.rows import Row, Rows
from lab.validate.survival.works import space

HARM, COUNT = "another version on one cache", 2
FITS = "dsim/data/fits.toml"  # its number is raised where fits change


def run(rows: Rows, count: int) -> None:
    """Take both orders."""
    if not (left := rows.left(HARM, "a study", range(min(count, COUNT)))):
        return
    with TemporaryDirectory(prefix="survival-") as place:
        root, words = Path(place), ["git", "-C", str(ROOT)]
        last = subprocess.run(
            [*words, "log", "-1", "--format=%H", "--", FITS], check=True, capture_output=True, text=True
        )
        subprocess.run(
            [*words, "worktree", "add", "--detach", str(root / "old"), f"{last.stdout.strip()}^"], check=True
        )
        try:
            (root / "space.toml").write_text(space_toml(space()))
            codes = {"new": ROOT, "old": root / "old"}
            alone = {name: _study(root, code, f"alone-{name}", f"own-{name}") for name, code in codes.items()}
            for number in left:
                order = ("old", "new") if number else ("new", "old")
                faults = [
                    f"{name} after {order[0]}: {fault}"
                    for turn, name in enumerate((*order, order[0]))
                    for fault in differences(
                        alone[name], _study(root, codes[name], f"{number}-{turn}-{name}", f"both-{number}")
                    )
                ]
                rows.keep(Row(HARM, "a study", number, 1, tuple(faults), {"studies": 3}))
        finally:
            subprocess.run([*words, "worktree", "remove", "--force", str(root / "old")], check=True)


def _study(root: Path, code: Path, name: str, cache: str) -> dict[str, object]:
    words = [
        sys.executable,
        "-m",
        "dsim",
        "study",
        "--device",
        "iphone12",
        "--budget",
        "2ms",
        "--trials",
        "3",
    ]
    words += ["--space", str(root / "space.toml"), "--name", "study", "--out", str(root / name)]
    environment = {**os.environ, "DSIM_CACHE": str(root / cache), "PYTHONPATH": str(code)}
    subprocess.run(words, check=True, cwd=code, env=environment, capture_output=True)
    return outcome(root / name)
