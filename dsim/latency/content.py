"""What a model rests on: which profiles, and a hash of everything in them and in the code that learns from them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from dsim.device.find import bundled_folders, find_profile, pool_of
from dsim.device.profile import DeviceProfile
from dsim.latency.evidence import FAMILIES
from dsim.latency.fewshot.errors import FILE as FEW_SHOT
from dsim.latency.networks import GRAPHS

_PACKAGE = Path(__file__).resolve().parents[1]


def rests_on(profile: DeviceProfile) -> tuple[Path, ...]:
    """Give the folders whose figures reach a profile's model: its pool's, its donor's, and for few-shot all bundled ones."""
    if profile.method == "few-shot":
        return (profile.folder, *bundled_folders())
    pool = pool_of(profile)
    members = (*pool, *pool_of(find_profile(profile.donor))) if profile.donor else pool
    return tuple(member.folder for member in members)


def content_hash(folders: Iterable[Path]) -> str:
    """Hash everything that a fit depends on: the folders of profiles, shared data, this code and numpy's version."""
    digest = hashlib.sha256()
    code = [
        *(_PACKAGE / "latency").rglob("*.py"),
        *(_PACKAGE / "graph").rglob("*.py"),
        *(_PACKAGE / "device").glob("*.py"),
    ]
    files = sorted(
        [*code, _PACKAGE / "op.py", _PACKAGE / "attrs.py", *GRAPHS.glob("*.parquet"), FAMILIES, FEW_SHOT]
    )
    names = []
    for folder in folders:
        names.append(folder.name)
        # a card says how good the fit is; the fit does not rest on it
        files += sorted(
            p for p in folder.iterdir() if p.suffix in (".toml", ".csv", ".parquet") and p.name != "card.toml"
        )
    for file in files:
        digest.update(f"{file.parent.name}/{file.name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(json.dumps([*names, version("numpy")]).encode())
    return digest.hexdigest()
