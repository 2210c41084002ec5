"""Limits beside time: the most parameters, multiply-accumulates, memory and file that a network may have."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from dsim.errors import InvalidValueError
from dsim.units import bytes_of, count


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
        return ", ".join(f"at most {amount(name, most)}" for name, most in self.asked)

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
class _Unit:
    scale: float
    short: str
    words: str
    title: str


_UNITS = {
    "params": _Unit(1e6, "M", "M parameters", "Parameters"),
    "macs": _Unit(1e9, "G", "GMACs", "MACs"),
    "memory": _Unit(1e6, "MB", "MB of activations", "Memory of activations"),
    "size": _Unit(1e6, "MB", "MB of weights", "Size of weights"),
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


def amount(name: str, value: float) -> str:
    """Write what a network has of what is limited, such as ``8.21 M parameters``."""
    unit = _UNITS[name]
    return f"{value / unit.scale:.4g} {unit.words}"


def short(name: str, value: float) -> str:
    """Write an amount as an option takes it, such as ``10M``."""
    unit = _UNITS[name]
    return f"{value / unit.scale:.12g}{unit.short}"


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
        return _UNITS[self.name].title

    @property
    def used_words(self) -> str:
        """How much is used, such as ``8.21 M``."""
        unit = _UNITS[self.name]
        return f"{self.used / unit.scale:.4g} {unit.short}"

    @property
    def allowed_words(self) -> str:
        """How much is allowed, such as ``of 10 M allowed``."""
        unit = _UNITS[self.name]
        return f"of {self.allowed / unit.scale:.4g} {unit.short} allowed"

    @property
    def words(self) -> str:
        """How much is used of how much."""
        return f"{self.used_words} {self.allowed_words}"
