"""Tests see no profile of the user's own, and keep their fits apart from the user's cache."""

from __future__ import annotations

import gc
import hashlib
import os
import shutil
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def digest_of_sources() -> str:
    """Hash every source file: a changed one makes tests fit anew, whatever the format of fits says."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "dsim").rglob("*.py")):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def drop_old(folder: Path, days: int = 3) -> None:
    """Remove what tests of other sources kept some days ago."""
    for path in folder.glob("dsim-*"):
        if time.time() - path.stat().st_mtime > days * 86_400:
            shutil.rmtree(path, ignore_errors=True)


drop_old(ROOT / ".pytest_cache")
# set before any test module is imported, and inherited by the processes that tests start
os.environ["DSIM_CACHE"] = os.environ.get(
    "DSIM_TEST_CACHE"
) or str(  # lab/validate/kernels.py gives each run a fresh one
    ROOT / ".pytest_cache" / f"dsim-{digest_of_sources()}"
)
os.environ["DSIM_PROFILES"] = str(ROOT / ".pytest_cache" / "no-profiles")

# a test process holds a million objects that stay (graphs, fits, modules); looking through all of them as often as Python
# does by itself took a fifth of the tests' time
gc.set_threshold(700, 10, 100)
