"""What a search for one design on several devices found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dsim.limits import LimitUse
from dsim.records import to_versioned
from dsim.search.candidate import Candidate
from dsim.search.joint_spec import JointSpec
from dsim.search.result import SCHEMA_VERSION, Cost, NotIdentified
from dsim.summaries import Summarised, Summary


@dataclass(frozen=True)
class Lost:
    """Points of top-1 that the one design gives up, with the interval of that difference."""

    points: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """The loss in words."""
        return f"{self.points:.1f} ({self.low:.1f} to {self.high:.1f})"


@dataclass(frozen=True)
class OnDevice:
    """What the one design is on a device.

    Attributes
    ----------
    device, budget_ms
        Which, and what it must fit there.
    design
        With its figures there.
    own
        The best design for that device alone; None where nothing fits it.
    lost
        What the one design gives up against that; None without one.
    """

    device: str
    budget_ms: float
    design: Candidate
    own: Candidate | None
    lost: Lost | None


@dataclass(frozen=True)
class JointForm:
    """What ``chosen.json`` holds and ``dsim study --json`` prints for several devices; see `JointStudy`."""

    confidence: float
    top1_for: str
    chosen: Candidate | None
    devices: tuple[OnDevice, ...]
    not_identified: tuple[NotIdentified, ...]
    limits: tuple[LimitUse, ...]
    cost: Cost


@dataclass(frozen=True, repr=False)
class JointStudy(Summarised):
    """One design for several devices.

    Attributes
    ----------
    spec
        What was asked.
    fits
        Whether it fits every budget; else it is the one that exceeds its worst budget by the smallest share.
    on
        What it is on each device, in the order that was asked for.
    not_identified
        Choices that some device's evidence cannot price: they were not searched.
    limits
        What it takes of each limit beside time.
    cost
        Of the search for all devices; the searches for each alone are studies of their own.
    """

    spec: JointSpec
    fits: bool
    on: tuple[OnDevice, ...]
    not_identified: tuple[NotIdentified, ...]
    limits: tuple[LimitUse, ...]
    cost: Cost

    @property
    def design(self) -> Candidate:
        """The design, with its figures on the first device."""
        return self.on[0].design

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim study --json`` prints for several devices."""
        spec = self.spec.shares
        form = JointForm(
            spec.confidence,
            spec.trained,
            self.design if self.fits else None,
            self.on,
            self.not_identified,
            self.limits,
            self.cost,
        )
        return to_versioned(form, SCHEMA_VERSION)

    def summary(self) -> Summary:
        """Return its figures on each device, and its stages in words."""
        title = f"One design for {len(self.on)} devices" if self.fits else "Nothing fits all devices"
        rows = []
        for one in self.on:
            lost = "" if one.lost is None else f"; gives up {one.lost.words} points of top-1"
            took = f"{one.design.latency_ms:.3g} ms, needs {one.design.needs_ms:.3g} of {one.budget_ms:g} ms{lost}"
            rows.append((one.device, took))
        return Summary(title, (*rows, *self.design.arch.summary().rows))
