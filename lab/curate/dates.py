"""Say of every network by when it was published: lab/claims/reality/dates.csv, which the backtest trains and tests by.

What timm 0.6.12 of 2022-11-23 holds was published by then, whatever its paper's date (``rules/timm_0.6.12.txt``). A network that
it lacks takes the date of the first arXiv paper of its design (``rules/dates.csv``), and a recipe that cites no paper and came later
stands in ``rules/recipe_dates.csv``. Where nothing says anything the date stays empty, and the backtest counts the network as
later: in doubt, nothing is learned from it.
"""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path

from dsim.accuracy.tables import read_rows
from dsim.latency.families import FAMILIES
from lab.claims.reality.dates import RECIPE, bare
from lab.curate.read_rules import FOLDER, first_fit, read_csv
from lab.curate.tables import write_table

RELEASE, RELEASED = "timm 0.6.12 (PyPI, 2022-11-23) holds it", "2022-11"
LATER = "later than timm 0.6.12 or not dated"


def curate(_raw: Path, out: Path) -> None:
    """Write the table for all stored networks and all published results."""
    lines = (FOLDER / "timm_0.6.12.txt").read_text(encoding="utf-8").splitlines()
    held = {line for line in lines if not line.startswith("#")}
    with FAMILIES.open(newline="", encoding="utf-8") as file:
        names = {bare(row["name"]) for row in csv.DictReader(file)}
    for table in ("top1.csv", "ablated.csv", "contrasts.csv"):
        names |= {bare(row["network"]) for row in read_rows(table)}
    rows = [(name, *_dated(name, held)) for name in sorted(names)]
    rows += [(RECIPE + rule["recipe"], *_by(rule["arxiv"])) for rule in read_csv("recipe_dates.csv")]
    write_table(out / "lab/claims/reality/dates.csv", ("name", "published", "source"), rows)


def _dated(name: str, held: set[str]) -> tuple[str, str]:
    """Return the month by which a network was published, empty where nothing says so, and the source."""
    if name in held:
        return RELEASED, RELEASE
    rule = first_fit(read_csv("dates.csv"), name=name)
    return _by(rule["arxiv"] if rule else "")


def _by(arxiv: str) -> tuple[str, str]:
    return (f"20{arxiv[:2]}-{arxiv[2:4]}", f"arXiv {arxiv}") if arxiv else ("", LATER)


def released(wheel: Path) -> tuple[str, ...]:
    """Return the names of the networks that a wheel of timm registers; ``rules/timm_0.6.12.txt`` was made with it."""
    with zipfile.ZipFile(wheel) as archive:
        files = [name for name in archive.namelist() if name.startswith("timm/models/")]
        code = "\n".join(archive.read(name).decode() for name in files if name.endswith(".py"))
    return tuple(sorted(set(re.findall(r"@register_model\s*\ndef (\w+)\(", code))))
