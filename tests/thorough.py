"""How many cases the slowest tests take: few by default, so that `make test` ends in minutes, all with `make thorough`."""

from __future__ import annotations

import os
from typing import TypeVar

THOROUGH = os.environ.get("DSIM_THOROUGH") == "1"
_T = TypeVar("_T")


def cases(few: _T, all_of_them: _T) -> _T:
    """Return what a test is to run through."""
    return all_of_them if THOROUGH else few
