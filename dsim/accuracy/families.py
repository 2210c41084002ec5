"""Which networks are relatives: a family is held out whole, a lineage is the stricter test."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from dsim.accuracy.tables import read_rows
from dsim.errors import UnknownNameError

FAMILIES_FILE = "families.csv"


@dataclass(frozen=True, slots=True)
class Family:
    """One row of families.csv.

    Attributes
    ----------
    pattern
        Shell-style pattern of network names; the first row that matches counts.
    family
        Networks of one paper or one line of papers.
    lineage
        Families that share their building blocks (all inverted residuals, say).
    reason
        Why they belong together.
    """

    pattern: str
    family: str
    lineage: str
    reason: str


def load_families() -> tuple[Family, ...]:
    """Read the table of families."""
    return tuple(
        Family(r["pattern"], r["family"], r["lineage"], r["reason"]) for r in read_rows(FAMILIES_FILE)
    )


def find_family(rows: tuple[Family, ...], network: str) -> Family:
    """Look a network's family up.

    Raises
    ------
    UnknownNameError
        No row describes the network.
    """
    for row in rows:
        if fnmatch.fnmatchcase(network, row.pattern):
            return row
    raise UnknownNameError(f"no family for {network}; add a row with a reason to {FAMILIES_FILE}")
