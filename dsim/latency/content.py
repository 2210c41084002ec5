"""What a model rests on: which profiles, and a hash of everything in them and in the code that learns from them."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

from dsim.device.find import find_profile, pool_of
from dsim.device.profile import DeviceProfile
from dsim.latency.evidence import FAMILIES
from dsim.latency.fewshot.errors import FILE as FEW_SHOT
from dsim.latency.fewshot.teachers import donors
from dsim.latency.networks import GRAPHS

_PACKAGE = Path(__file__).resolve().parents[1]


def rests_on(profile: DeviceProfile) -> tuple[DeviceProfile, ...]:
    """Give every profile whose figures reach a profile's model: its pool, its donor's, and for few-shot every donor's."""
    pool = pool_of(profile)
    if profile.method == "few-shot":
        return (*pool, *teachers())
    return (*pool, *pool_of(find_profile(profile.donor))) if profile.donor else pool


def teachers() -> tuple[DeviceProfile, ...]:
    """Give the donors of few-shot learning with their pools, each once, in order of name."""
    found = {member.name: member for profile in donors() for member in pool_of(profile)}
    return tuple(found[name] for name in sorted(found))


def content_hash(pool: tuple[DeviceProfile, ...]) -> str:
    """Hash everything that a fit depends on: the pool's files, shared data, this code and numpy's version."""
    digest = hashlib.sha256()
    code = [
        *(_PACKAGE / "latency").rglob("*.py"),
        *(_PACKAGE / "graph").rglob("*.py"),
        *(_PACKAGE / "device").glob("*.py"),
    ]
    files = sorted(
        [*code, _PACKAGE / "op.py", _PACKAGE / "attrs.py", *GRAPHS.glob("*.parquet"), FAMILIES, FEW_SHOT]
    )
    for profile in pool:
        files += sorted(p for p in profile.folder.iterdir() if p.suffix in (".toml", ".csv", ".parquet"))
    for file in files:
        digest.update(f"{file.parent.name}/{file.name}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    digest.update(json.dumps([p.name for p in pool] + [version("numpy")]).encode())
    return digest.hexdigest()
