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

    class CallablePackage(ModuleType):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return getattr(self, function)(*args, **kwargs)

    module = sys.modules[package]
    module.__class__ = CallablePackage
    module.__doc__ = f"{module.__doc__ or ''}\n\nCalled: {getattr(module, function).__doc__ or ''}"
