"""What a network's file says of itself beside a price, and whether the device was measured with such numbers."""

from __future__ import annotations

import re

from dsim.device.profile import DeviceProfile
from dsim.graph.facts import FileFacts

_WHOLE = re.compile(r"8-bit|integer|quantised|int8", re.IGNORECASE)


def file_notes(file: FileFacts | None, profile: DeviceProfile) -> tuple[str, ...]:
    """Return what a file says of its format and numbers, and what to make of it where the device's are of another kind."""
    if file is None:
        return ()
    whole = bool(_WHOLE.search(profile.precision))
    if file.quantised == whole:
        return (str(file),)
    numbers = "whole numbers" if file.quantised else "floats"
    return (
        f"{file}; {profile.name} was measured with {profile.precision}, and the file computes with {numbers}: the price is "
        f"of the same network in {profile.precision}. `dsim device list` shows profiles of other precisions",
    )
