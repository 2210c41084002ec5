"""By when a network was published: what a model of an earlier time may have seen, and what it may not."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from dsim.errors import InvalidValueError, UnknownNameError
from dsim.graph.key import split_key
from dsim.latency.families import DESIGN

FILE = Path(__file__).with_name("dates.csv")
RECIPE = "recipe "  # rows of the table that date a recipe, by its key
OWN = (DESIGN, "block-")  # dsim's own designs and blocks, which nobody published
_PREFIX = re.compile(r"^(cv|tv|hf)-")
_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
_ARXIV = re.compile(r"(?<!\d)(\d\d)(0[1-9]|1[0-2])\.\d{4,5}(?!\d)")


@dataclass(frozen=True, slots=True)
class Dated:
    """One network of dates.csv: the month by which it was published, empty where no source tells, and the source."""

    published: str
    source: str


def bare(name: str) -> str:
    """Return a network's name without its resolution, the prefix of its code base and the form it was timed in."""
    return _PREFIX.sub("", split_key(name)[0]).partition("+")[0]


@lru_cache(maxsize=1)
def load_dates() -> dict[str, Dated]:
    """Read dates.csv; lab/curate/dates.py makes it."""
    with FILE.open(newline="", encoding="utf-8") as file:
        return {row["name"]: Dated(row["published"], row["source"]) for row in csv.DictReader(file)}


def month_of(arxiv_text: str) -> str:
    """Return the latest month that the arXiv numbers in a text name, empty where it names none."""
    return max((f"20{year}-{month}" for year, month in _ARXIV.findall(arxiv_text)), default="")


def earlier(cutoff: str, dates: dict[str, Dated] | None = None) -> Callable[[str], bool]:
    """Return the test whether a network (``name`` or ``name@resolution``) was published before a month.

    A network whose date no source tells counts as later, and so do designs and blocks of dsim's own: in doubt, nothing is
    learned from it.

    Parameters
    ----------
    cutoff
        ``YYYY-MM``; what was published in that month is not earlier.
    dates
        Of `load_dates` by default.

    Raises
    ------
    InvalidValueError
        The cutoff is no month.
    UnknownNameError
        The test is asked about a network that the table does not name.
    """
    if not _MONTH.fullmatch(cutoff):
        raise InvalidValueError(f"cutoff must be a month as YYYY-MM, got {cutoff!r}; give 2022-12, say")
    table = load_dates() if dates is None else dates

    def test(network: str) -> bool:
        if network.startswith(OWN):
            return False
        found = table.get(bare(network))
        if found is None:
            raise UnknownNameError(
                f"dates.csv must name every network, and lacks {bare(network)!r}; run lab/curate/dates.py"
            )
        return bool(found.published) and found.published < cutoff

    return test
