"""What the interval of a prediction answers: how near the network is to what was timed on the device."""

from __future__ import annotations

from enum import StrEnum

ENOUGH = (
    19  # families from which on the data alone bound a 95% upper end: one new in 20 exceeds the largest of 19
)


class Question(StrEnum):
    """What an interval answers, from far to near."""

    FOREIGN = "foreign family"
    KNOWN = "known kinds of block"
    VARIANT = "variant of a timed network"

    @property
    def words(self) -> str:
        """What it is asked of, in words."""
        return _WORDS[self]


_WORDS = {
    Question.FOREIGN: "a network of a family that was never timed here",
    Question.KNOWN: "a new network, all of whose kinds of block were timed here",
    Question.VARIANT: "a network that was timed here, or a variant of one in depth or width",
}
