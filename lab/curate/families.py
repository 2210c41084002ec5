"""Assign every stored network its family: one lineage, one spelling, over all devices and sources.

A family is held out of every device at once, so the patterns of ``rules/families.csv`` join too much rather than too little. The
first that fits decides; prefixes of other sources (cv-, tv-, hf-) and the form (+unfused) do not matter.
"""

from __future__ import annotations

from pathlib import Path

from dsim.graph.key import NetworkKey
from dsim.latency.networks import shared_keys
from lab.curate.read_rules import first_fit, read_csv
from lab.curate.tables import write_table


def curate(_raw: Path, out: Path) -> None:
    """Write dsim/data/families.csv.

    Raises
    ------
    ValueError
        A network fits no pattern.
    """
    rows = [(name, *family_of(name)) for name in sorted({NetworkKey.of(key).name for key in shared_keys()})]
    lost = [name for name, family, _ in rows if not family]
    if lost:
        raise ValueError(
            f"every network must fit a pattern, and these do not: {', '.join(lost)}; add one to rules/families.csv"
        )
    write_table(out / "dsim/data/families.csv", ("name", "family", "reason"), rows)


def family_of(name: str) -> tuple[str, str]:
    """Return the family and the reason for it, both empty where no pattern fits."""
    plain = name.partition("+")[0]
    if plain[:3] in ("cv-", "tv-", "hf-"):
        plain = plain[3:]
    found = first_fit(read_csv("families.csv"), name=plain)
    return (found["family"], found["reason"]) if found else ("", "")
