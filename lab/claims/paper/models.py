"""Whom a check may ask where nothing was measured: a profile's own model, and how far that errs between designs."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.device import DeviceProfile
from dsim.latency import load_model
from dsim.latency.model import DeviceModel
from dsim.latency.siblings import siblings


@dataclass(frozen=True)
class Models:
    """The models of profiles."""

    def model(self, profile: DeviceProfile) -> DeviceModel:
        """Return a profile's model."""
        return load_model(profile.name)

    def spread(self, profile: DeviceProfile) -> float | None:
        """Return the log-spread of its errors within families; None where too few networks tell."""
        return siblings(profile.name).spread
