"""Limits beside time: the most parameters, multiply-accumulates, memory and file that a network may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from dsim.errors import InvalidValueError
from dsim.units import COUNTS, SIZES, bytes_of, count, written


@dataclass(frozen=True)
class Limits:
    """What a network must keep to beside its latency budget; None is no limit.

    Attributes
    ----------
    params, macs
        The most of each, as raw counts.
    memory_bytes
        The most that activations take at once, see `dsim.graph.memory`, in the numbers that the device computes with.
    size_bytes
        The most that the weights take in a file, in the numbers that the device's runtime stores.

    Raises
    ------
    InvalidValueError
        A limit is not positive.
    """

    params: float | None = None
    macs: float | None = None
    memory_bytes: float | None = None
    size_bytes: float | None = None

    def __post_init__(self) -> None:
        for name, most in self.asked:
            if not most > 0:
                raise InvalidValueError(f"{name} must be positive, got {most:g}; leave it out for no limit")

    @property
    def asked(self) -> tuple[tuple[str, float], ...]:
        """The limits that there are: what is limited, by the name of its option, and the most of it."""
        every = ((name, getattr(self, f.name)) for name, f in zip(NAMES, fields(Limits), strict=True))
        return tuple((name, float(most)) for name, most in every if most is not None)

    def __bool__(self) -> bool:
        return bool(self.asked)

    @property
    def words(self) -> str:
        """The limits in words; empty where there are none."""
        return ", ".join(f"at most {amount(name, most, most)}" for name, most in self.asked)

    @property
    def options(self) -> list[str]:
        """The options of a command that ask for them."""
        return [part for name, most in self.asked for part in (f"--{name}", short(name, most))]

    @property
    def suffix(self) -> str:
        """What the name of a study with these limits ends in."""
        return "".join(f"-{name}-{short(name, most)}" for name, most in self.asked)


NAMES = ("params", "macs", "memory", "size")  # of the fields of `Limits`, in order


@dataclass(frozen=True)
class _Kind:
    """How amounts of one kind are written: their units, the usual one, what stands behind it, and the head of a line."""

    units: Mapping[str, float]
    usual: str
    behind: str
    title: str

    def unit_of(self, most: float) -> str:
        """Return the unit of an amount that somebody asked for; the usual one where that would be long."""
        number, unit = written(most, self.units, self.usual)
        return unit if unit and len(number) <= _SHORT else self.unit_near(most)

    def unit_near(self, value: float) -> str:
        """Return the unit in which a figure is shown: the usual one, or a smaller one where little would be left of it."""
        smaller = (self.usual, "K" if self.units is COUNTS else "KB")
        return next((unit for unit in smaller if value >= 0.01 * self.units[unit]), smaller[-1])

    def number(self, value: float, unit: str) -> str:
        """Write a value in a unit."""
        return f"{value / self.units[unit]:.4g}"


_SHORT = 5  # letters of a number that a person writes
_LARGE = 1000.0  # times the unit of a limit: what is so far above it is easier to read in a larger one
_KINDS = {
    "params": _Kind(COUNTS, "M", " parameters", "Parameters"),
    "macs": _Kind(COUNTS, "G", "MACs", "MACs"),
    "memory": _Kind(SIZES, "MB", " of activations", "Memory of activations"),
    "size": _Kind(SIZES, "MB", " of weights", "Size of weights"),
}


def read_limits(
    params: float | str | None = None,
    macs: float | str | None = None,
    memory: float | str | None = None,
    size: float | str | None = None,
) -> dict[str, Any]:
    """Return the fields of `Limits` for numbers, or texts such as ``"10M"`` and ``"24MB"``.

    Raises
    ------
    InvalidValueError
        A text is no such amount.
    """
    counts, sizes = {"params": params, "macs": macs}, {"memory_bytes": memory, "size_bytes": size}
    return {
        **{name: None if value is None else count(value) for name, value in counts.items()},
        **{name: None if value is None else bytes_of(value) for name, value in sizes.items()},
    }


def amount(name: str, value: float, most: float | None = None) -> str:
    """Write what a network has of what is limited, such as ``8.21 M parameters``, in the unit of the limit where one is given."""
    kind = _KINDS[name]
    unit = kind.unit_near(value) if most is None else kind.unit_of(most)
    if most is not None and value > most and value >= _LARGE * kind.units[unit]:
        unit = kind.unit_near(value)
    return f"{kind.number(value, unit)} {unit}{kind.behind}"


def short(name: str, value: float) -> str:
    """Write an amount as an option takes it, such as ``10M``."""
    kind = _KINDS[name]
    return "".join(written(value, kind.units, kind.usual))


@dataclass(frozen=True)
class LimitUse:
    """How much of one limit a design uses.

    Attributes
    ----------
    name
        ``params``, ``macs``, ``memory`` or ``size``.
    used, allowed
        Raw counts, or bytes.
    """

    name: str
    used: float
    allowed: float

    @property
    def title(self) -> str:
        """What is limited, as the head of a line."""
        return _KINDS[self.name].title

    @property
    def used_words(self) -> str:
        """How much is used, such as ``8.21 M``, in the unit of what is allowed."""
        return self._written(self.used)

    @property
    def allowed_words(self) -> str:
        """How much is allowed, such as ``of 10 M allowed``."""
        return f"of {self._written(self.allowed)} allowed"

    @property
    def words(self) -> str:
        """How much is used of how much."""
        return f"{self.used_words} {self.allowed_words}"

    def _written(self, value: float) -> str:
        kind = _KINDS[self.name]
        unit = kind.unit_of(self.allowed)
        return f"{kind.number(value, unit)} {unit}"
