"""Tests see no profile of the user's own, and keep their fits apart from the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# set before any test module is imported, and inherited by the processes that tests start; fits are kept by content,
# so that a later run may use them and a changed model never does
os.environ["DSIM_CACHE"] = str(ROOT / ".pytest_cache" / "dsim")
os.environ["DSIM_PROFILES"] = str(ROOT / ".pytest_cache" / "no-profiles")
