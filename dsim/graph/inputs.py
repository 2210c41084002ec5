"""What a network is read with: the shapes of its inputs, by place or by name, and the kind of their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dsim.errors import InvalidValueError
from dsim.records import shown

Shape = tuple[int, ...]
FLOAT = "float"  # whatever width the network's own weights have
DTYPES = (FLOAT, "int64", "int32", "bool")
IMAGE: Shape = (1, 3, 224, 224)
_SHAPE = re.compile(r"([1-9]\d{0,8}(?:x[1-9]\d{0,8}){1,7})(?::(\w+))?")
_NAME = re.compile(r"[^\W\d][\w.:/-]*")


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor: its shape, batch first, and the kind of its numbers."""

    shape: Shape
    dtype: str = FLOAT


Value = (
    Tensor | tuple["Value", ...] | dict[str, "Value"]
)  # a list or a dictionary of tensors is one input too


@dataclass(frozen=True)
class Inputs:
    """What a network is called with.

    Attributes
    ----------
    by_place
        In the order in which the network takes them.
    by_name
        The others.
    """

    by_place: tuple[Value, ...] = ()
    by_name: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        named = (f"{name}={write_value(value)}" for name, value in self.by_name.items())
        return ", ".join([*map(write_value, self.by_place), *named])

    @property
    def only_shape(self) -> Shape | None:
        """The shape, where it is one plain tensor; None for anything else."""
        values = (*self.by_place, *self.by_name.values())
        return values[0].shape if len(values) == 1 and isinstance(values[0], Tensor) else None


# what a caller may give: a shape, a text such as "1x3x224x224", several of these in order, or by name
Given = Inputs | str | Sequence[object] | Mapping[str, object] | None


def as_inputs(given: Given) -> Inputs | None:
    """Read the inputs that a caller gives; None stays None.

    Parameters
    ----------
    given
        ``(1, 3, 224, 224)``, ``"1x3x224x224"``, a sequence of these, or a mapping from the network's own names to these.

    Raises
    ------
    InvalidValueError
        It is something else.
    """
    if given is None or isinstance(given, Inputs):
        return given
    if isinstance(given, Mapping):
        return Inputs((), {str(name): _value(value) for name, value in given.items()})
    if isinstance(given, str) or _is_shape(given):
        return Inputs((_value(given),))
    if not isinstance(given, Sequence) or not given:
        raise _no_shape(given)
    return Inputs(tuple(_value(value) for value in given))


def parse_inputs(texts: Sequence[str]) -> Inputs | None:
    """Read ``1x3x224x224`` or ``NAME=1x3x224x224``, one text for each input; None for none.

    ``NAME.KEY=...`` is an entry of a dictionary, ``[...,...]`` is a list of tensors, and ``:int64`` behind a shape is
    the kind of its numbers.

    Raises
    ------
    InvalidValueError
        A text does not describe an input, or a name comes twice.
    """
    by_place: list[Value] = []
    by_name: dict[str, Value] = {}
    for text in texts:
        name, equals, rest = text.partition("=")
        if not equals:
            by_place.append(_value(text))
            continue
        if not _NAME.fullmatch(name.strip()):
            raise _no_shape(text)
        if name.strip() in by_name:
            raise InvalidValueError(f"an input must be given once, got {name.strip()} twice; leave one out")
        by_name[name.strip()] = _value(rest)
    return Inputs(tuple(by_place), by_name) if texts else None


def nested(by_name: Mapping[str, Value]) -> dict[str, Value]:
    """Gather names with dots into dictionaries: ``batch.image`` is the entry ``image`` of the input ``batch``.

    Raises
    ------
    InvalidValueError
        A name is both a tensor and a dictionary.
    """
    out: dict[str, Value] = {}
    for name, value in by_name.items():
        *path, last = name.split(".")
        place = out
        for part in path:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                raise InvalidValueError(
                    f"an input must be a tensor or a dictionary, got {part} as both; leave one out"
                )
            place = inner
        place[last] = value
    return out


def tensors(value: object) -> Iterator[Tensor]:
    """Return the tensors in a value, in order."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from tensors(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from tensors(inner)


def write_shape(shape: Sequence[int]) -> str:
    """Write a shape as a user gives it, ``1x3x224x224``."""
    return "x".join(str(size) for size in shape)


def write_value(value: Value) -> str:
    """Write an input as a user gives it."""
    if isinstance(value, Tensor):
        return write_shape(value.shape) + ("" if value.dtype == FLOAT else f":{value.dtype}")
    if isinstance(value, tuple):
        return f"[{', '.join(map(write_value, value))}]"
    return "{" + ", ".join(f"{name}={write_value(inner)}" for name, inner in value.items()) + "}"


def _is_shape(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and len(value) > 0
        and all(isinstance(size, int) and not isinstance(size, bool) for size in value)
    )


def _value(given: object) -> Value:
    if isinstance(given, Tensor):
        return given
    if isinstance(given, str):
        return _read(given.strip())
    if isinstance(given, Mapping):
        return {str(name): _value(value) for name, value in given.items()}
    if isinstance(given, Sequence) and _is_shape(given):
        if min(given) < 1:
            raise _no_shape(given)
        return Tensor(tuple(given))
    if isinstance(given, Sequence) and given:
        return tuple(_value(value) for value in given)
    raise _no_shape(given)


def _read(text: str) -> Value:
    if text.startswith("[") and text.endswith("]"):
        return tuple(_read(part.strip()) for part in text[1:-1].split(",") if part.strip())
    match = _SHAPE.fullmatch(text)
    if not match:
        raise _no_shape(text)
    dtype = match.group(2) or FLOAT
    if dtype not in DTYPES:
        raise InvalidValueError(
            f"an input holds numbers of kind {', '.join(DTYPES)}, got {dtype!r}; write for example 1x128:int64"
        )
    return Tensor(tuple(int(size) for size in match.group(1).split("x")), dtype)


def _no_shape(given: object) -> InvalidValueError:
    return InvalidValueError(
        f"an input must read like 1x3x224x224, batch first, got {shown(given)}; "
        "with several inputs write NAME=1x3x224x224 for each"
    )
