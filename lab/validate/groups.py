"""Groups of profiles that are judged together: what is asked of each, beside what is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.hold_out import clean
from dsim.latency.scoring import Coverage, Score, coverage, score
from dsim.latency.summary import ProfileSummary
from dsim.report.table import TableData, table


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


NUMBERS = ("median %", "within 10%", "within 20%", "coverage %", "high/low")
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


@dataclass(frozen=True)
class GroupSummary:
    """A group's scores over all its profiles; a network counts once a profile. None where there is nothing to score."""

    group: Group
    profiles: int
    score: Score
    coverage: Coverage


def group_summaries(found: Iterable[ProfileSummary]) -> tuple[GroupSummary, ...]:
    """Score every group that holds a profile with networks."""
    profiles = [(find_profile(one.device), clean(one.networks)) for one in found]
    out = []
    for group in GROUPS:
        own = [judged for profile, judged in profiles if group.holds(profile) and judged]
        pooled = [held for judged in own for held in judged]
        if pooled:
            out.append(GroupSummary(group, len(own), score(pooled), coverage(pooled)))
    return tuple(out)


def group_table(found: Sequence[GroupSummary]) -> TableData:
    """Return the table of groups: asked beside reached."""
    rows = [
        (
            one.group.title,
            str(one.profiles),
            f"{one.score.networks} of {one.score.families} families",
            f"{one.score.median:.1f} (<= {one.group.median:g})",
            f"{one.score.within_10:.0f} (>= {one.group.within_10:g})",
            f"{one.score.within_20:.0f} (>= {one.group.within_20:g})",
            f"{one.coverage.share:.0f} ({one.coverage.low:.0f} to {one.coverage.high:.0f})",
            f"{one.score.width:.2f}",
        )
        for one in found
    ]
    columns = ("profiles", "how many", "networks", *NUMBERS)
    return table(
        "All groups, each family held out of every device and source: reached (asked)",
        columns,
        rows,
        columns[1:],
        "A network counts once a profile. Without cliffs, without networks that hold a kernel which no other family's evidence "
        "knows (their estimate is incomplete), inside each profile's resolutions. Coverage of the 90% intervals with a 95% "
        "interval over families; high/low is the median of an interval's ends over each other.",
    )
