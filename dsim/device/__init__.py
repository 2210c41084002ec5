"""Device profiles: measured evidence for one device, compute unit, runtime and precision. No code, no fits."""

from dsim.device.find import find_profile
from dsim.device.folders import bundled_names, list_profiles
from dsim.device.graded import Grade, GradedContrast
from dsim.device.load import load_profile
from dsim.device.profile import Contrast, DeviceProfile, Measurement
from dsim.device.tells import contrasts_on, tells_apart

__all__ = [
    "Contrast",
    "DeviceProfile",
    "Grade",
    "GradedContrast",
    "Measurement",
    "bundled_names",
    "contrasts_on",
    "find_profile",
    "list_profiles",
    "load_profile",
    "tells_apart",
]
