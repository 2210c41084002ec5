"""Rough profiles answer what another form or option would change, and set no budget unless they are asked to."""

from __future__ import annotations

from collections.abc import Iterable

from dsim.device.card import why_rough
from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError


def why(profile: DeviceProfile) -> str:
    """Say why a profile sets no budget unless asked to: what it states, or its card's error; empty where it may set one."""
    return why_rough(profile.rough, profile.folder)


def refuse_rough(devices: Iterable[str], allowed: bool) -> None:
    """Refuse a budget on a rough profile.

    Parameters
    ----------
    devices
        Names of the profiles that a budget is set on.
    allowed
        Whether the user asked for it all the same.

    Raises
    ------
    InvalidValueError
        One of them is rough, and it was not asked for.
    UnknownNameError
        There is no such profile.
    """
    for name in devices:
        if not allowed and (because := why(find_profile(name))):
            raise InvalidValueError(
                f"a budget needs a profile that is not rough, and {name} is: {because}; pass --rough (rough=True) to use it all "
                "the same, or choose another device"
            )


def rough_note(profile: DeviceProfile) -> str:
    """Say that a profile's figures are rough, and why; empty where they are not."""
    because = why(profile)
    return f"{profile.name} is a rough profile: {because}" if because else ""
