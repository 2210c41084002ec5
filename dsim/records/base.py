"""What the codec and its hooks share: the two marks of a record, and what is wrong with a value."""

from __future__ import annotations

import dataclasses
from typing import Any, Self

MAX_INTEGER = 2**63 - 1  # what a file may hold; larger ones cannot even be printed cheaply


class Sparse:
    """A record that is written without the fields that have their default values."""

    __slots__ = ()


class HasForm:
    """A record that files write as another one: its form, which is shorter or says more than its fields do."""

    __slots__ = ()

    @classmethod
    def form(cls) -> type[Any]:
        """Return the record that stands for this one in a file."""
        raise NotImplementedError

    def to_form(self) -> Any:
        """Return this record in the form for files."""
        raise NotImplementedError

    @classmethod
    def from_form(cls, form: Any) -> Self:
        """Make a record of its form.

        Raises
        ------
        InvalidValueError
            The form stands for none.
        """
        raise NotImplementedError


class Misfit(Exception):  # noqa: N818 - never leaves this module: `from_plain` makes one line of it
    """What a file holds breaks the rule of a type."""

    def __init__(self, rule: str, got: str) -> None:
        super().__init__(rule, got)
        self.rule, self.got = rule, got


def shown(value: object, most: int = 120) -> str:
    """Write a value that came from outside so that it fits into one line of an error message."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # integers of thousands of digits, lists in lists in lists
        text = f"<{type(value).__name__} too large to show>"
    return text if len(text) <= most else f"{text[: most - 3]}..."


def changed_fields(record: Any) -> dict[str, Any]:
    """Return the fields of a record that differ from their defaults, as they are."""
    return {
        f.name: value for f in dataclasses.fields(record) if (value := getattr(record, f.name)) != f.default
    }


def is_record(hint: Any) -> bool:
    """Tell whether a type is that of a record."""
    return isinstance(hint, type) and dataclasses.is_dataclass(hint)
