"""Outcome: what a finished piece of work leaves in its folder, but for the time and memory that it took."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TIME = re.compile("seconds|^at_s$|^peak_memory")
_TIMED = ("load", "seen", "failed")  # of a network: another figure each time


def outcome(folder: Path) -> dict[str, object]:
    """Return the content of each file by its path.

    Hidden files are locks, and what a kill left half-written; a database, in which older versions kept a study, holds dates.
    """
    files = (path for path in folder.rglob("*") if path.is_file())
    paths = sorted(path for path in files if not path.name.startswith(".") and path.suffix != ".db")
    return {str(path.relative_to(folder)): _content(path) for path in paths}


def _content(path: Path) -> object:
    match path.suffix:
        case ".json":
            return _timeless(json.loads(path.read_bytes()))
        case ".toml":
            return _timeless(tomllib.loads(path.read_text(encoding="utf-8")))
        case ".jsonl":
            rows = [_timeless(json.loads(line)) for line in path.read_bytes().splitlines()]
            if (
                rows and "journal" in rows[0]
            ):  # of a measurement: networks may have been timed in another order
                rows = sorted(({k: v for k, v in row.items() if k not in _TIMED} for row in rows), key=str)
            return rows
        case ".safetensors":
            from safetensors.numpy import load_file

            return {name: (one.shape, one.tobytes()) for name, one in load_file(path).items()}
        case _:
            return path.read_bytes()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(one) for key, one in value.items() if not _TIME.search(key)}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def differences(wanted: Mapping[str, object], found: Mapping[str, object]) -> list[str]:
    """Say which files differ."""
    lost, more = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
    other = [name for name in sorted(wanted.keys() & found.keys()) if wanted[name] != found[name]]
    named = (("missing", lost), ("too many", more), ("otherwise than uninterrupted", other))
    return [f"{what}: {', '.join(names)}" for what, names in named if names]
