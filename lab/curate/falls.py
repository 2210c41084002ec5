"""Mark networks that left the accelerator, or ran there in another way: their times do not follow their work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any


def mark_falls(rows: Iterable[dict[str, Any]], falls: Iterable[Mapping[str, Any]]) -> None:
    """Fill the column ``cliff`` of rows with why, empty where nothing says so.

    Parameters
    ----------
    rows
        Of networks.csv, with their graphs.
    falls
        Rules of one profile: patterns of ``graphs``, and ``why``, which two measured figures show. The first that fits decides.
    """
    rules = tuple(falls)
    for row in rows:
        why = (one["why"] for one in rules if any(fnmatchcase(row["graph"], like) for like in one["graphs"]))
        row["cliff"] = next(why, "")
