"""The designs that a comparison names, as they were timed on the profiles that it compares."""

from __future__ import annotations

from collections.abc import Mapping

from dsim.device.find import find_profile
from dsim.errors import InvalidValueError
from dsim.measure.measurement import Begun
from dsim.shift import Comparison
from dsim.shift.measured import Timed, design_id


def compared_profiles(begun: Begun, found: Comparison) -> dict[str, str]:
    """Return the profiles to test, by backend: those that a comparison compares.

    Raises
    ------
    InvalidValueError
        It compares none of them, or one of them is of another chip than this machine's.
    """
    known = {device.device for device in found.devices}
    asked = {backend: begun.request.earlier_names(backend) for backend in begun.found.stacks}
    devices = {
        backend: own[0] for backend, names in asked.items() if (own := [one for one in names if one in known])
    }
    if not devices:
        raise InvalidValueError(
            f"a comparison must compare a profile that is timed, {' or '.join(name for names in asked.values() for name in names)}; this one has "
            f"{', '.join(sorted(known))}; give the --name and --backend of one of them"
        )
    check_chip(begun, devices)
    return devices


def check_chip(begun: Begun, devices: Mapping[str, str]) -> None:
    """Refuse to time designs for profiles, by backend, that are of another chip.

    Raises
    ------
    InvalidValueError
        One is.
    """
    for name in devices.values():
        chip, here = find_profile(name).chip, begun.journal.head.machine.processor
        if chip != here:
            raise InvalidValueError(
                f"{name} is of {chip}, and this machine has {here}; time its designs on such a machine"
            )


def timed_designs(begun: Begun, devices: dict[str, str], keys: set[str]) -> tuple[Timed, ...]:
    """Return what was timed of designs, by their keys, on the devices by backend; figures of a busy machine are left out."""
    head = begun.journal.head
    return tuple(
        Timed(
            devices[backend],
            design_id(entry.planned.arch),
            seen.latency_ms,
            seen.error_ms,
            seen.runs,
            entry.load,
            head.machine.processor,
            head.stacks[backend].runtime,
        )
        for entry in begun.journal.entries()
        if entry.planned.key in keys and entry.planned.arch is not None
        for backend, seen in entry.observed.seen.items()
        if backend in devices and not seen.busy
    )
