"""Held-out predictions of a profile, kept by the content of what they rest on: finding them takes minutes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dsim.cache import cache_file, keep, look_up
from dsim.device import find_profile
from dsim.device.batches import card_batch, names_by_batch
from dsim.device.card import write_card
from dsim.latency.content import content_hash
from dsim.latency.hold_out import held_out
from dsim.latency.learners import rests_on
from dsim.latency.scoring import Held
from dsim.latency.summary import ProfileSummary, summarise
from dsim.places import bundled_profiles_dir
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


def validate_profiles(names: Iterable[str], bundled_cards: bool = False) -> Iterator[ProfileSummary]:
    """Validate profiles, one after the other, and keep what was found.

    The card of a user's own profile is written into its folder, for `dsim device show`.

    Parameters
    ----------
    names
        Names of profiles; one with several batches is validated at each.
    bundled_cards
        Whether to write the cards of profiles that come with dsim too.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        A profile's files break a rule.
    FileAccessError
        A card cannot be written.
    """
    own_names = [own for asked in names for own in names_by_batch(asked, find_profile(asked))]
    for profile in map(find_profile, own_names):
        found = summarise(profile.name)
        keep_held(profile.name, found.networks)
        if bundled_cards or not profile.folder.is_relative_to(bundled_profiles_dir()):
            write_card(profile.folder, found.card, card_batch(profile))
        yield found


def _path(device: str) -> Path:
    profile = find_profile(device)
    return cache_file("held", profile.name, content_hash(rests_on(profile)))
