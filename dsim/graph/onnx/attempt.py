"""Try the translation of one operator into ONNX; what it was not written for stays an operator by its own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from dsim.errors import FileFormatError

_Operator = TypeVar("_Operator")


class Translating(Protocol):
    """What writes the operators of a file in ONNX."""

    def unknown(self, operator: Any, /) -> None:
        """Write an operator that nobody has a translation for."""


_Walk = TypeVar("_Walk", bound=Translating)


def attempt(known: Callable[[_Walk, _Operator], None] | None, walk: _Walk, operator: _Operator) -> None:
    """Translate an operator.

    Raises
    ------
    FileFormatError
        The file breaks a rule.
    """
    if known is None:
        walk.unknown(operator)
        return
    try:
        known(walk, operator)
    except FileFormatError:
        raise
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError):
        walk.unknown(operator)  # a case that the translation was not written for
