"""A contrast with a grade: what was exchanged for what, in which context, and what that says of a stack.

It is a pattern in a context and never a price: nothing adds its milliseconds to another network. Contrasts lie in packs beside
the profiles (``device_profiles/_contrasts``), for no model learns from them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from dsim.device.fields import number, positive, read_rows, text
from dsim.errors import FileFormatError, InvalidValueError
from dsim.places import bundled_profiles_dir
from dsim.records import shown

FOLDER = "_contrasts"
# what may be exchanged, each with what a reader should think of
KINDS: dict[str, str] = {
    "activation": "one activation for another function",
    "norm": "one norm for another",
    "mixer": "one token mixer for another, or for none",
    "form": "the same function written in other operators",
    "operator set": "the version of ONNX's operators that a file asks for, with the same operators in it",
    "alignment": "a length that is no multiple of what the engine works in",
    "precision": "what weights and activations are computed in",
    "layout": "the order of an image's axes",
    "storage": "what weights are stored in; computed alike",
    "se": "squeeze-and-excitation, or another gate on channels",
    "groups": "the groups of convolutions",
    "op": "one operator for another inside a chain",
    "depth": "how many layers the same work is cut into",
    "context": "what stands around a pattern",
}
UNITS = ("cpu", "gpu", "npu")
MEASURES = ("latency", "throughput")
SIDES = ("", "before", "after")


class Grade(StrEnum):
    """How far a contrast tells what its exchange does."""

    A = "A"  # same network, one change, same laboratory and sitting
    B = "B"  # same laboratory, trained or exported anew
    C = "C"  # several things changed

    @property
    def words(self) -> str:
        """What it stands for."""
        return {
            Grade.A: "same network, one change, same laboratory and sitting",
            Grade.B: "same laboratory, trained or exported anew",
            Grade.C: "several things changed",
        }[self]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedContrast:
    """One exchange, timed before and after it.

    Attributes
    ----------
    grade, why
        How far it tells what the exchange does, and why, or what to make of it.
    kind
        A key of `KINDS`.
    before, after
        What was exchanged for what.
    network, context, shapes
        Where: the network, what else is to be known of it, and the shapes at the exchange.
    batch
        Images in a run.
    measures
        ``latency`` of one run, or ``throughput``: milliseconds per image of a pipeline.
    before_ms, after_ms
        Milliseconds.
    before_low_ms, before_high_ms, after_low_ms, after_high_ms, spread
        Ends of their spread and what it is (the smallest and largest of 50 runs, a rounding); None and empty where unknown.
    before_top1, after_top1
        Top-1 of networks that were trained anew, percent; None where the source does not say.
    device, chip, unit
        Phone or board, its chip, and ``cpu``, ``gpu`` or ``npu``.
    runtime, version
        The runtime's name, and what is known of its version, its delegate and the system.
    precision
        What is computed in; of a contrast of precision, that of the first side.
    fell
        Which side left the accelerator: ``before``, ``after`` or empty.
    source, table, licence
        Who published it, where it stands, and its terms.

    Raises
    ------
    InvalidValueError
        A value is none of those known, times are not positive, or a spread does not hold its figure. A contrast of norms against
        none is refused too: a folded batch norm says nothing about norms.
    """

    grade: Grade
    kind: str
    before: str
    after: str
    network: str
    context: str
    shapes: str
    batch: int
    measures: str
    before_ms: float
    after_ms: float
    before_low_ms: float | None
    before_high_ms: float | None
    after_low_ms: float | None
    after_high_ms: float | None
    spread: str
    before_top1: float | None
    after_top1: float | None
    device: str
    chip: str
    unit: str
    runtime: str
    version: str
    precision: str
    fell: str
    why: str
    source: str
    table: str
    licence: str

    def __post_init__(self) -> None:
        for key, known in (("kind", tuple(KINDS)), ("unit", UNITS), ("measures", MEASURES), ("fell", SIDES)):
            if getattr(self, key) not in known:
                raise InvalidValueError(
                    f"{key} must be one of {', '.join(filter(None, known))}, got {shown(getattr(self, key))}; correct it"
                )
        if self.before == self.after:
            raise InvalidValueError(
                f"before and after must differ, got {shown(self.before)} twice; correct them"
            )
        if self.kind == "norm" and any(
            word in side.lower()
            for side in (self.before, self.after)
            for word in ("folded", "no norm", "without")
        ):
            raise InvalidValueError(
                f"a contrast of norms must have a norm that runs on both sides, got {shown(self.before)} and {shown(self.after)}; "
                "a folded batch norm says nothing about norms: leave it out"
            )
        for side in ("before", "after"):
            low, ms, high = (getattr(self, f"{side}_{end}") for end in ("low_ms", "ms", "high_ms"))
            if ms <= 0 or (low is None) != (high is None) or (low is not None and not low <= ms <= high):
                raise InvalidValueError(
                    f"{side}_ms must be positive and lie within its spread, got {ms} in {low} to {high}; correct them"
                )

    @property
    def change(self) -> float:
        """By which share the time rises, in this context alone: 0.1 is 10% longer."""
        return self.after_ms / self.before_ms - 1.0

    @property
    def identifies(self) -> bool:
        """True where it tells what the exchange does on its stack: grade A alone does."""
        return self.grade is Grade.A


COLUMNS = tuple(one.name for one in fields(GradedContrast))
_MAY_BE_EMPTY = ("context", "spread", "fell", "version")
_NUMBERS = ("before_low_ms", "before_high_ms", "after_low_ms", "after_high_ms", "before_top1", "after_top1")


def read_pack(path: Path) -> tuple[GradedContrast, ...]:
    """Read a pack of contrasts.

    Raises
    ------
    FileAccessError
        It cannot be read.
    FileFormatError
        A row breaks a rule; the message names row, column and rule.
    """
    return tuple(_contrast(row, where) for where, row in read_rows(path, COLUMNS))


def packs() -> tuple[GradedContrast, ...]:
    """Return all contrasts that come with dsim, pack by pack."""
    return _packs(bundled_profiles_dir() / FOLDER)


@lru_cache(maxsize=1)
def _packs(folder: Path) -> tuple[GradedContrast, ...]:
    return tuple(one for path in sorted(folder.glob("*.csv")) for one in read_pack(path))


def _contrast(row: dict[str, str], where: str) -> GradedContrast:
    words = {
        name: row[name].strip() if name in _MAY_BE_EMPTY else text(row, name, where)
        for name in COLUMNS
        if name not in (*_NUMBERS, "grade", "batch", "before_ms", "after_ms")
    }
    grade = text(row, "grade", where)
    if grade not in {str(one) for one in Grade}:
        raise FileFormatError(f"{where}, column 'grade': must be A, B or C, got {shown(grade)}; correct it")
    try:
        return GradedContrast(
            grade=Grade(grade),
            batch=int(positive(row, "batch", where)),
            before_ms=positive(row, "before_ms", where),
            after_ms=positive(row, "after_ms", where),
            **{name: number(row, name, where) for name in _NUMBERS},  # type: ignore[arg-type]
            **words,  # type: ignore[arg-type]
        )
    except InvalidValueError as error:
        raise FileFormatError(f"{where}: {error}") from error
