"""Find the profile that a user means: by its name, by a phone, a chip, a maker or any words of what it says of itself.

Upper and lower case, spaces and hyphens do not matter: ``iPhone 12``, ``iphone-12`` and ``IPHONE12`` are one name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from dsim.device.batches import name_at, split_name
from dsim.device.closest import closest
from dsim.device.folders import list_profiles
from dsim.device.glance import Glance, glances
from dsim.errors import UnknownNameError

MOST = 3  # profiles that an error names
_APART = ("models", "chip", "compute_unit", "runtime", "precision", "threads")


def profile_named(text: str) -> str:
    """Return the name of the one profile that a text means; a batch (``@batch8``) stays.

    Raises
    ------
    UnknownNameError
        No profile is meant, or several are; the message lists the closest, or in what the several differ.
    """
    plain, batch = split_name(text)
    if plain in list_profiles():
        return text
    found = profiles_like(plain)
    if not found:
        raise unknown_device(plain)
    if len(found) > 1:
        raise UnknownNameError(_several(plain, found))
    return name_at(found[0].name, batch)


def profiles_like(text: str, among: Sequence[Glance] | None = None) -> tuple[Glance, ...]:
    """Return the profiles that a text may mean, in order of name.

    A profile's own name counts before all; then a phone, a chip or any words that stand together in what a profile says
    of itself; then words that stand in it anywhere.
    """
    every = glances() if among is None else tuple(among)
    wanted = _parts(text)
    if not wanted:
        return ()
    same = tuple(one for one in every if "".join(_parts(one.name)) == "".join(wanted))
    if same:
        return same
    for rule in (_is_a_text, _stands_together, _stands_anywhere):
        found = tuple(one for one in every if rule(one, text))
        if found:
            return found
    return ()


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[str, ...]:
    """Split into words and numbers, small: ``Galaxy S24`` and ``galaxy-s24`` both give galaxy, s, 24."""
    return tuple(re.findall(r"[a-z]+|\d+", text.lower()))


def _is_a_text(one: Glance, text: str) -> bool:
    return any(_parts(own) == _parts(text) for own in (one.soc, one.chip, *one.models, *one.makers))


def _stands_together(one: Glance, text: str) -> bool:
    return any(_holds(_parts(own), _parts(text)) for own in one.texts)


def _stands_anywhere(one: Glance, text: str) -> bool:
    # a number belongs to the word before it: 15 in "iPhone 15" is not that of the chip A15
    words = [
        _parts(word) for word in re.findall(r"[^\s,;_-]+(?:[\s_-]+\d+(?![^\s,;_-]))*", text) if _parts(word)
    ]
    return all(any(_holds(_parts(own), word) for own in one.texts) for word in words)


def _holds(parts: tuple[str, ...], wanted: tuple[str, ...]) -> bool:
    return any(parts[n : n + len(wanted)] == wanted for n in range(len(parts) - len(wanted) + 1))


def unknown_device(text: str, among: Sequence[Glance] | None = None) -> UnknownNameError:
    """Make the error for a device that is not there: it names the closest, and how to see or to add others."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) > 1 and all(part and profiles_like(part, among) for part in parts):
        return UnknownNameError(
            f"one device is asked for here, got {text!r}; name one of the {len(parts)}. `dsim predict` and `dsim compare` take "
            "several, and `dsim study --device A=2ms --device B=1ms` finds one design for both"
        )
    near = closest(text, glances() if among is None else among)
    if not near:
        return UnknownNameError(
            f"unknown device {text!r}, and none is like it; `dsim device list` shows all, `dsim device plan` how to add yours"
        )
    return UnknownNameError(
        f"unknown device {text!r}; the closest: {', '.join(near)}; `dsim device list` shows all"
    )


def _several(text: str, found: Sequence[Glance]) -> str:
    """Word the error for a text that several profiles answer to: each with what tells it from the others."""
    apart = [field for field in _APART if len({getattr(one, field) for one in found}) > 1]

    def about(one: Glance) -> str:
        values = [getattr(one, field) for field in apart[:2]]
        words = dict.fromkeys(value if isinstance(value, str) else ", ".join(value[:2]) for value in values)
        return f"{one.name} ({'; '.join(word for word in words if word)})" if any(words) else one.name

    # those that differ most come first: one of each phone, chip or runtime
    kinds = [getattr(one, apart[0]) if apart else one.name for one in found]
    order = sorted(range(len(found)), key=lambda n: (kinds[:n].count(kinds[n]), n))
    listed = ", ".join(about(found[n]) for n in order[:MOST])
    more = f" and {len(found) - MOST} more" if len(found) > MOST else ""
    return (
        f"{text!r} names {len(found)} profiles, name one of them: {listed}{more}; "
        f"`dsim device list {_quoted(text)}` shows them"
    )


def _quoted(text: str) -> str:
    return f"'{text}'" if re.search(r"[^\w.-]", text) else text
