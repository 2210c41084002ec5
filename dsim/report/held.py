"""Held-out predictions of a profile, kept by the content of what they rest on: finding them takes minutes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dsim.cache import cache_file, keep, look_up
from dsim.device import find_profile
from dsim.latency.content import content_hash, rests_on
from dsim.latency.hold_out import held_out
from dsim.latency.scoring import Held
from dsim.progress import working
from dsim.records import from_json, to_json

_ALL = tuple[Held, ...]


def keep_held(device: str, networks: Sequence[Held]) -> None:
    """Keep what was found, for a page to show."""
    keep(_path(device), to_json(tuple(networks), hint=_ALL).encode())


def kept_held(device: str) -> tuple[Held, ...] | None:
    """Return what was kept, or None where nothing was, or where the evidence or the method changed since.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    """
    return look_up(_path(device), lambda content: from_json(_ALL, content))


def find_held(device: str) -> tuple[Held, ...]:
    """Return what was kept; else hold every family out anew, which may take minutes, and keep it.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    found = kept_held(device)
    if found is None:
        with working(f"holding out every family of {device}", once=True):
            found = held_out(device)
        keep_held(device, found)
    return found


def _path(device: str) -> Path:
    profile = find_profile(device)
    return cache_file("held", profile.name, content_hash(rests_on(profile)))
