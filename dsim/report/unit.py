"""The unit of a comparison's milliseconds."""

from __future__ import annotations

from dsim.device.batches import unit_of
from dsim.shift import Comparison


def common_unit(found: Comparison) -> str:
    """Return the unit of all devices, or "ms per run" where their batches differ and the names say which."""
    units = {unit_of(device.device, device.measures) for device in found.devices}
    return units.pop() if len(units) == 1 else "ms per run"
