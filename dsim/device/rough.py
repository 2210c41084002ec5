"""Rough profiles answer what another form or option would change, and set no budget unless they are asked to."""

from __future__ import annotations

from collections.abc import Iterable

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError


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
        if not allowed and (why := find_profile(name).rough):
            raise InvalidValueError(
                f"a budget needs a profile that is not rough, and {name} is: {why}; pass --rough (rough=True) to use it all "
                "the same, or choose another device"
            )


def rough_note(profile: DeviceProfile) -> str:
    """Say that a profile's figures are rough, and why; empty where they are not."""
    return f"{profile.name} is a rough profile: {profile.rough}" if profile.rough else ""
