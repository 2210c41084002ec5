"""A hash of everything that a model rests on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from dsim.cache import fit_format
from dsim.device.card import is_card
from dsim.latency.facts import GRAPHS
from dsim.latency.families import FAMILIES
from dsim.latency.methods.few_shot.errors import FILE as FEW_SHOT


def content_hash(folders: Iterable[Path]) -> str:
    """Hash everything that a fit depends on: the folders of profiles, shared data, and the format of fits."""
    digest = hashlib.sha256()
    files = sorted([*GRAPHS.glob("*.parquet"), FAMILIES, FEW_SHOT])
    names = []
    for folder in folders:
        names.append(folder.name)
        # a card says how good the fit is; the fit does not rest on it
        files += sorted(
            p for p in folder.iterdir() if p.suffix in (".toml", ".csv", ".parquet") and not is_card(p.name)
        )
    for file in files:
        digest.update(f"{file.parent.name}/{file.name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(json.dumps([*names, fit_format()]).encode())
    return digest.hexdigest()
