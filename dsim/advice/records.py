"""Advice: rewrites that keep what a network computes, apart from changes after which it must be trained anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from dsim.device.graded import Grade
from dsim.graph.forms import Form
from dsim.summaries import Summarised, Summary

MOST_NAMES = 3
MATTERS = 0.03  # share of the time below which a middle change is called none


class Verdict(StrEnum):
    """What is known of a rewrite on a stack."""

    PROPOSED = "proposed"
    NO_GAIN = "no gain"
    UNKNOWN = "not known to matter here"


class Way(StrEnum):
    """How dsim writes a rewrite."""

    FORMS = "forms"  # one op in place of steps, or the reverse
    BRANCHES = "branches"  # parallel ones merged
    OPSET = "opset"  # ONNX's operator set raised
    CONSTANTS = "constants"  # folded
    LENGTHS = "lengths"  # rows added behind the tokens
    BY_HAND = "by hand"  # not at all


@dataclass(frozen=True, slots=True)
class Gain:
    """By how much the time changed where a rewrite was timed on a stack.

    Attributes
    ----------
    grade
        The lowest grade of the contrasts.
    changes
        Shares of the time in ascending order: -0.55 is 55% less.
    seen_in
        The networks in which it was seen.
    through
        Runtime and version, or who timed it.
    scope
        How near it was seen: this stack, this chip through another runtime, or another chip through the same one.
    """

    grade: Grade
    changes: tuple[float, ...]
    seen_in: tuple[str, ...]
    through: tuple[str, ...]
    scope: str

    @property
    def middle(self) -> float:
        """The median change."""
        return float(np.median(self.changes))

    @property
    def matters(self) -> bool:
        """True where the time fell by more than `MATTERS` in the middle of what was timed."""
        return self.middle <= -MATTERS

    def __str__(self) -> str:
        """Return it in words."""
        low, high = f"{self.changes[0]:+.0%}", f"{self.changes[-1]:+.0%}"
        span = low if low == high else f"{low} to {high}"
        return f"{span} in {count(len(self.changes), 'contrast')} of grade {self.grade} on {self.scope} ({listed(self.seen_in)})"


@dataclass(frozen=True, slots=True)
class Timed:
    """One change of time: a share of it, its grade, the network, and through what it was timed."""

    change: float
    grade: Grade
    network: str
    through: str


def gain_of(found: Sequence[Timed], scope: str) -> Gain | None:
    """Return a gain, or None where nothing was timed."""
    if not found:
        return None
    return Gain(
        max(one.grade for one in found),
        tuple(sorted(one.change for one in found)),
        tuple(dict.fromkeys(one.network for one in found)),
        tuple(dict.fromkeys(one.through for one in found)),
        scope,
    )


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 place``, ``2 places``, ``3 branches``."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def listed(names: Sequence[str]) -> str:
    """Name some, with semicolons, for names hold commas, and say how many more there are."""
    more = f"; and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return "; ".join(names[:MOST_NAMES]) + more


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One way to write the same function.

    Attributes
    ----------
    what
        What is written in place of what.
    places
        How often.
    verdict, gain
        What is known of it on this stack.
    way
        How ``--write`` does it.
    says
        What else is to know: the model's own estimate, how to do it by hand, or the probe that would tell.
    before, after
        The forms, where it is one form of a function for another.
    operator_set
        The one to raise the file to, where that alone is the rewrite; 0 elsewhere.
    tokens, longer
        How many tokens attention has, and how many it would have; 0 elsewhere.
    """

    what: str
    places: int
    verdict: Verdict
    gain: Gain | None
    way: Way
    says: str
    before: Form | None = None
    after: Form | None = None
    operator_set: int = 0
    tokens: int = 0
    longer: int = 0

    @property
    def by_dsim(self) -> bool:
        """Whether ``--write`` can do it."""
        return self.way is not Way.BY_HAND


@dataclass(frozen=True, slots=True)
class Change:
    """Another function in place of one: the network must be trained, or at least tested, anew.

    Attributes
    ----------
    what
        What would take the place of what.
    places
        How often the network has it; 0 where the whole network changes.
    gain
        What it did on this stack.
    drop
        What is published of the accuracy, with its source; "drop not known" where nothing is.
    """

    what: str
    places: int
    gain: Gain
    drop: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written, and how near its results are to those of the file that was read.

    Attributes
    ----------
    path
        The file.
    done
        What was rewritten, with the number of places.
    largest_difference, largest_value, allowed, runs
        Of all outputs over some runs on random inputs: the largest absolute difference, the largest absolute value, and the
        difference that rounding may make.
    opset_before, opset_after
        The operator set of the file that was read, and of the one that was written.
    by
        The program that ran both.
    """

    path: str
    done: tuple[str, ...]
    largest_difference: float
    largest_value: float
    allowed: float
    runs: int
    opset_before: int
    opset_after: int
    by: str


@dataclass(frozen=True, repr=False)
class Advice(Summarised):
    """What to write differently in a network on one device.

    Attributes
    ----------
    model, device, stack
        What was asked, and the runtime and unit that the evidence is of.
    rewrites
        Rewrites that keep what the network computes, with what is known of each.
    changes
        Other functions that were quicker on this stack; each needs retraining.
    written
        The file that was written; None where none was.
    notes
        Remarks in words.
    """

    model: str
    device: str
    stack: str
    rewrites: tuple[Rewrite, ...]
    changes: tuple[Change, ...]
    written: Written | None
    notes: tuple[str, ...]

    @property
    def proposed(self) -> tuple[Rewrite, ...]:
        """Rewrites that were quicker on this stack, by evidence of grade A or B."""
        return tuple(one for one in self.rewrites if one.verdict is Verdict.PROPOSED)

    @property
    def answer(self) -> str:
        """The advice in one sentence."""
        found = self.proposed
        if not found:
            return "nothing to advise: no rewrite of this network is known to be quicker on this stack"
        return f"{count(len(found), 'rewrite')} of this network known to be quicker on this stack"

    def summary(self) -> Summary:
        """Return the advice in short."""
        rows = [(one.what, f"{count(one.places, 'place')}, {one.gain}") for one in self.proposed]
        rows += [(f"needs retraining: {one.what}", f"{one.gain}; {one.drop}") for one in self.changes]
        return Summary(f"{self.model} on {self.device}: {self.answer}", tuple(rows))

    def to_dict(self) -> dict[str, Any]:
        """Return the documented keys (docs/predict.md)."""
        return {
            "model": self.model,
            "device": self.device,
            "stack": self.stack,
            "answer": self.answer,
            "rewrites": [
                {
                    "what": one.what,
                    "places": one.places,
                    "verdict": str(one.verdict),
                    "gain": _plain(one.gain),
                    "by_dsim": one.by_dsim,
                    "way": str(one.way),
                    "says": one.says,
                }
                for one in self.rewrites
            ],
            "needs_retraining": [
                {"what": one.what, "places": one.places, "gain": _plain(one.gain), "drop": one.drop}
                for one in self.changes
            ],
            "written": None if self.written is None else asdict(self.written),
            "notes": list(self.notes),
        }


def _plain(gain: Gain | None) -> dict[str, Any] | None:
    if gain is None:
        return None
    return {
        "grade": str(gain.grade),
        "scope": gain.scope,
        "changes": list(gain.changes),
        "seen_in": list(gain.seen_in),
        "through": list(gain.through),
    }
