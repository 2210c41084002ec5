"""What people call a device and its milliseconds, instead of the names of folders."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.device import DeviceProfile, find_profile
from dsim.device.batches import THROUGHPUT, unit_of
from dsim.errors import DsimError
from dsim.shift import Comparison


@dataclass(frozen=True)
class DeviceWords:
    """A device in words.

    Attributes
    ----------
    title
        What people call it, with its batch where a run is of several images.
    unit
        Of its times: ``ms`` for one image, else of what.
    runtime
        What runs networks there; empty where nothing is known of the device.
    """

    title: str
    unit: str
    runtime: str = ""


def device_words(name: str, profile: DeviceProfile | None = None) -> DeviceWords:
    """Return a device in words; its name alone where its profile is gone or cannot be read.

    Parameters
    ----------
    profile
        The device's profile where it is at hand; else it is looked up by name.
    """
    if profile is None:
        try:
            profile = find_profile(name)
        except DsimError:
            return DeviceWords(name, unit_of(name, ""))
    several = profile.batch != 1 and profile.measures != THROUGHPUT
    title = f"{profile.title}, batch {profile.batch}" if several else profile.title
    return DeviceWords(title, unit_of(name, profile.measures), profile.runtime)


def common_unit(found: Comparison) -> str:
    """Return the unit of all devices of a comparison; "ms per run" where their batches differ, which their names then say."""
    units = {unit_of(device.device, device.measures) for device in found.devices}
    return units.pop() if len(units) == 1 else "ms per run"
