"""What kind of shift lies between two profiles: the chip alone, or something else of the stack as well.

A device is chip, compute unit, runtime, layout, batch, precision, threads and protocol. Only where all but the chip are
equal, and stated, is a difference one between chips.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from dsim.device import DeviceProfile
from dsim.latency.learner import LearnsFrom, donors_of
from dsim.latency.learners import learner_of

UNSTATED = "unstated"


class Shift(StrEnum):
    """What a difference between two profiles may be called."""

    SAME = "same profile"
    HARDWARE = "hardware shift"  # all but the chip are equal
    STACK = "stack shift"  # something else differs, whether or not the chip does


@dataclass(frozen=True)
class Part:
    """One part of what a profile is: the same, different, or nowhere stated, on two profiles."""

    name: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        """True where both sides do not say the same."""
        return self.a != self.b

    @property
    def unknown(self) -> bool:
        """True where a side does not say it, so that equality is not shown."""
        return UNSTATED in (self.a, self.b)


@dataclass(frozen=True)
class Pair:
    """Two profiles side by side.

    Attributes
    ----------
    a, b
        Names of the profiles.
    shift
        What their difference may be called.
    parts
        Chip, compute unit, runtime, layout, batch, precision, threads, protocol: what each side says.
    shared
        Why both models share their operator prices, or empty where they do not. Such profiles cannot differ
        much by construction, and neither likeness nor difference between them is a finding.
    """

    a: str
    b: str
    shift: Shift
    parts: tuple[Part, ...]
    shared: str = ""

    @property
    def differs_in(self) -> tuple[str, ...]:
        """Names of the parts that differ."""
        return tuple(part.name for part in self.parts if part.differs)

    @property
    def unstated(self) -> tuple[str, ...]:
        """Names of the parts that look equal only because a side does not state them."""
        return tuple(part.name for part in self.parts if part.unknown and not part.differs)

    @property
    def words(self) -> str:
        """The kind of shift in words, with what differs."""
        if self.shift is Shift.SAME:
            return str(self.shift)
        said = f"{self.shift}: {', '.join(self.differs_in) or 'nothing stated'} differ"
        if self.unstated:
            said += f"; {', '.join(self.unstated)} unstated"
        return said


# in the order in which a reader meets them; the reference protocol is said in words, for ids are a profile's own
_PARTS: dict[str, Callable[[DeviceProfile], str]] = {
    "chip": lambda p: p.chip,
    "compute unit": lambda p: p.compute_unit,
    "runtime": lambda p: p.runtime,
    "layout": lambda p: p.layout,
    "batch": lambda p: p.batch_stated,
    "precision": lambda p: p.precision,
    "threads": lambda p: p.threads,
    "protocol": lambda p: p.reference_stated,
}


def pair_of(a: DeviceProfile, b: DeviceProfile) -> Pair:
    """Put two profiles side by side."""
    parts = tuple(Part(name, said(a).strip(), said(b).strip()) for name, said in _PARTS.items())
    if a.name == b.name:
        return Pair(a.name, b.name, Shift.SAME, parts)
    different = [part.name for part in parts if part.differs]
    # what nobody states is not known to be equal; how many threads feed an accelerator is let pass
    hidden = [
        part.name
        for part in parts
        if part.unknown and not part.differs and not (part.name == "threads" and "CPU" not in a.compute_unit)
    ]
    shift = Shift.HARDWARE if different == ["chip"] and not hidden else Shift.STACK
    return Pair(a.name, b.name, shift, parts, shared_prices(a, b))


def shared_prices(a: DeviceProfile, b: DeviceProfile) -> str:
    """Return why two profiles share their operator prices, by how they are learned; empty where they do not."""
    if a.name == b.name:
        return ""
    for one, other in ((a, b), (b, a)):
        if learner_of(one).learns_from is LearnsFrom.ALL:
            return f"{one.name} is put together from other profiles, {other.name} may be among them"
    if _pooled(a) and _pooled(b) and a.pool == b.pool:
        return f"both are learned with the pool {a.pool}, which shares its operator prices"
    line_a, line_b = (a, *donors_of(a)), (b, *donors_of(b))
    both = [p.name for p in line_a if p.name in {q.name for q in line_b}]
    if both:
        return f"both rest on the rates of {both[0]}"
    pools = {p.pool for p in line_a if _pooled(p)}
    common = [p.pool for p in line_b if _pooled(p) and p.pool in pools]
    return f"both rest on the pool {common[0]}" if common else ""


def _pooled(profile: DeviceProfile) -> bool:
    return learner_of(profile).learns_from is LearnsFrom.POOL
