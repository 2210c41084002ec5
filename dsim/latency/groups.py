"""Groups of profiles that are judged together, and what is asked of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dsim.device.profile import DeviceProfile


@dataclass(frozen=True)
class Group:
    """Profiles that are judged together.

    Attributes
    ----------
    title
        What they are.
    median, within_10, within_20
        What is asked: at most this median error, at least these shares of networks; percent.
    holds
        Tells a profile of the group.
    """

    title: str
    median: float
    within_10: float
    within_20: float
    holds: Callable[[DeviceProfile], bool]


def _tflite_float(profile: DeviceProfile) -> bool:
    return profile.runtime.startswith("TensorFlow Lite") and profile.precision.startswith("float")


GROUPS: tuple[Group, ...] = (
    Group("desktop CPU and GPU", 6, 70, 92, lambda p: p.group == "desktop"),
    Group(
        "Snapdragon NPU, float",
        15,
        35,
        65,
        lambda p: p.group == "snapdragon-npu" and p.precision.startswith("float"),
    ),
    Group("phone CPU (TFLite float)", 6, 70, 92, lambda p: p.group == "phone-cpu" and _tflite_float(p)),
    Group(
        "phone GPU from operators (TFLite float)",
        8,
        65,
        90,
        lambda p: p.group == "phone-gpu" and _tflite_float(p),
    ),
    Group("iPhones, without cliffs", 10, 50, 85, lambda p: p.group == "iphone"),
)
