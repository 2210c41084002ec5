"""The profile of the processor that rewrites are timed on: what is timed elsewhere says nothing of it."""

from __future__ import annotations

import onnxruntime

from dsim.device import DeviceProfile, find_profile
from dsim.errors import InvalidValueError
from dsim.measure.machine import this_machine


def profile_here(name: str) -> tuple[DeviceProfile, str]:
    """Return a profile of this processor, with the installed ONNX Runtime and the processor in words.

    Raises
    ------
    InvalidValueError
        It is of another processor, or of another runtime or version.
    UnknownNameError
        There is no such profile.
    """
    profile, processor = find_profile(name), this_machine().processor
    runtime = f"ONNX Runtime {onnxruntime.__version__}"
    if not profile.runtime.startswith(runtime) or profile.chip != processor:
        raise InvalidValueError(
            f"--device must be of {processor} and {runtime}, got {profile.chip} and {profile.runtime}; name a profile of this machine"
        )
    return profile, f"{runtime}, {processor}"
