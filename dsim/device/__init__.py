"""Device profiles: measured evidence for one device, compute unit, runtime and precision. No code, no fits."""

from dsim.device.find import find_profile
from dsim.device.folders import bundled_names, list_profiles
from dsim.device.load import load_profile
from dsim.device.profile import Contrast, DeviceProfile, Measurement

__all__ = [
    "Contrast",
    "DeviceProfile",
    "Measurement",
    "bundled_names",
    "find_profile",
    "list_profiles",
    "load_profile",
]
