"""What a check of one statement on one device says, and what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from dsim.device import DeviceProfile
from dsim.errors import InvalidValueError
from lab.claims.paper.models import Models


class Ruling(StrEnum):
    """What a check may end in."""

    HOLDS = "holds"
    STACK = "holds for that stack"  # a statement of which other stacks say nothing
    FAILS = "does not hold"
    OPEN = "cannot tell"


class Kind(StrEnum):
    """What a piece of evidence is, best first."""

    PAIR = "measured pair"  # two networks, one laboratory, one protocol, one phone or machine
    CONTRAST = "measured contrast"  # two networks or blocks built to differ in one thing
    IN_SITU = "timed inside networks"  # operators that a runtime's profiler timed while whole networks ran
    PREDICTED = "predicted"  # by the profile's model


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of evidence: what going from ``a`` to ``b`` does to the time.

    Attributes
    ----------
    kind
        What it is.
    what
        What differs, in words.
    a, b
        The two sides, by name.
    a_ms, b_ms
        Milliseconds of either, None where the evidence has no such figure.
    value, low, high
        Percent by which ``b`` takes longer, and the ends of its interval.
    count
        How many figures it sums up.
    source
        Who timed it and how.
    why_not
        Why it is shown and does not count; empty where it counts.

    Raises
    ------
    InvalidValueError
        The ends of the interval are in the wrong order.
    """

    kind: Kind
    what: str
    a: str
    b: str
    a_ms: float | None
    b_ms: float | None
    value: float
    low: float
    high: float
    count: int
    source: str
    why_not: str = ""

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise InvalidValueError(f"low must not exceed high, got {self.low} and {self.high}; swap them")

    @property
    def counts(self) -> bool:
        """True where the verdict rests on it."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Check:
    """One statement on one device.

    Attributes
    ----------
    statement, device
        Key of the statement, name of the profile.
    verdict
        What the rule ends in.
    why
        The reason, in words.
    value, low, high, unit
        The figure that decides and the range of what it rests on; None where there is none.
    rests_on
        Kind of evidence, with how many pieces and from where.
    pieces
        The evidence, what does not count included.
    """

    statement: str
    device: str
    verdict: Ruling
    why: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    rests_on: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Inputs:
    """How a profile is judged.

    Attributes
    ----------
    ask
        Whether its model may be asked where nothing was measured.
    seed
        Of everything drawn.
    models
        Whom to ask.
    """

    ask: bool = False
    seed: int = 0
    models: Models = field(default_factory=Models)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the paper that every device can be asked about by itself.

    Attributes
    ----------
    key, words
        Its name here, and what it says.
    rule
        How a verdict comes about; set before the evidence was looked at.
    judge
        Gives the check for a profile.
    """

    key: str
    words: str
    rule: str
    judge: Callable[[DeviceProfile, Inputs], Check]


@dataclass(frozen=True, slots=True)
class Across:
    """A statement about how devices differ: a device is judged beside all others.

    Attributes
    ----------
    key, words, rule
        As of a statement.
    nothing
        What is said of a profile without such evidence.
    judge
        Gives a check for each profile with it.
    """

    key: str
    words: str
    rule: str
    nothing: str
    judge: Callable[[Sequence[DeviceProfile]], tuple[Check, ...]]
