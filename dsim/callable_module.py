"""A package that can be called: ``dsim.search(...)`` is a verb, and ``dsim.search.Space`` lives in the same place."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


def make_callable(package: str, function: str) -> None:
    """Let calls of a package run one of its functions.

    Parameters
    ----------
    package
        Full name of an imported package.
    function
        Name of the function in it.
    """
    module = sys.modules[package]
    about = module.__doc__ or ""

    class CallablePackage(ModuleType):
        @property
        def __doc__(self) -> str:  # type: ignore[override]  # of the function too, which may not be loaded before
            return f"{about}\n\nCalled: {getattr(self, function).__doc__ or ''}"

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return getattr(self, function)(*args, **kwargs)

    module.__class__ = CallablePackage
