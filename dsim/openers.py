"""What a part asks for by name, because it must not import the part that makes it; the front door knows both.

`dsim.search` takes a supernet's folder, and supernets are built on the search. So the front door says who opens such a
folder, and the search asks here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_OPENERS: dict[str, Callable[..., Any]] = {}


def register(what: str, opener: Callable[..., Any]) -> None:
    """Say who opens something; the last one said counts."""
    _OPENERS[what] = opener


def open_with(what: str, *args: Any) -> Any:
    """Open something with whoever was registered for it."""
    return _OPENERS[what](*args)
