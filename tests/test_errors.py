"""Errors can be caught by what they are, and their text is their message."""

from __future__ import annotations

import inspect

import pytest

from dsim import errors
from dsim.errors import DsimError, UnknownNameError, unknown_name

LEAVES = [
    cls
    for _, cls in inspect.getmembers(errors, inspect.isclass)
    if issubclass(cls, DsimError) and cls is not DsimError
]


@pytest.mark.parametrize("cls", LEAVES)
def test_every_error_is_a_dsim_error_and_shows_its_message_as_it_is(cls: type[DsimError]) -> None:
    message = "width must be 1 or more, got 'x'; give a positive integer"
    assert str(cls(message)) == message
    assert isinstance(cls(message), DsimError)
    str(cls())


@pytest.mark.parametrize(
    ("name", "builtin"),
    [
        ("InvalidValueError", ValueError),
        ("UnknownNameError", KeyError),
        ("FileFormatError", ValueError),
        ("FileAccessError", OSError),
        ("UnsupportedOpError", TypeError),
        ("ExportError", RuntimeError),
        ("MissingPackageError", ImportError),
    ],
)
def test_leaves_are_builtins_too(name: str, builtin: type[Exception]) -> None:
    assert issubclass(getattr(errors, name), builtin)


def test_a_failed_look_up_lists_the_choices_and_the_closest() -> None:
    error = unknown_name("device", "iphone21", ["iphone14", "iphone12", "pixel"])
    assert isinstance(error, UnknownNameError)
    assert str(error).startswith(
        "unknown device 'iphone21'; known: iphone12, iphone14, pixel; closest: iphone1"
    )
    assert str(unknown_name("device", "zzz", ["iphone12"])) == "unknown device 'zzz'; known: iphone12"
    assert str(unknown_name("device", "zzz", [])) == "unknown device 'zzz'; known: none"
