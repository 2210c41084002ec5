"""The names of timm's networks, so that an error can say how to ask for one, also without timm."""

from __future__ import annotations

import difflib
import re
from functools import cache
from pathlib import Path

from dsim.graph.key import split_key

LIST = Path(__file__).resolve().parents[1] / "data" / "timm_names.txt"
NEAR = 3


@cache
def timm_names() -> tuple[str, ...]:
    """Return the names, in alphabetical order; the file says of which version of timm they are."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


def timm_hint(name: str) -> str:
    """Return what to add to an error about an unknown network: how to ask for timm's of that name, or of one near it."""
    plain = {_plain(known): known for known in timm_names()}
    wanted = _plain(split_key(name)[0].partition(".")[0])
    if wanted in plain:
        return f"; timm has it: write timm:{plain[wanted]}"
    near = difflib.get_close_matches(wanted, plain, n=NEAR, cutoff=0.75)
    return f"; timm has {', '.join(f'timm:{plain[found]}' for found in near)}" if near else ""


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
