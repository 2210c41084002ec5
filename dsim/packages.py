"""Optional packages: one clear line where one is missing."""

from __future__ import annotations

import importlib
import sys
from contextlib import nullcontext
from types import ModuleType

from dsim.errors import MissingPackageError
from dsim.quiet import quiet


def need(package: str, what: str, extra: str) -> ModuleType:
    """Import an optional package; what it prints on import is kept away from the user.

    Parameters
    ----------
    package
        Its importable name.
    what
        What needs it, for the message: ``"an .onnx file"``.
    extra
        The extra of dsim that brings it.

    Raises
    ------
    MissingPackageError
        It is not installed, or cannot be imported.
    """
    try:
        with nullcontext() if package in sys.modules else quiet():
            importlib.import_module(package.partition(".")[0])
            return importlib.import_module(package)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == package.partition(".")[0]
        why = "which is not installed" if absent else f"which cannot be imported ({error})"
        raise MissingPackageError(f"{what} needs {package}, {why}; pip install 'dsim[{extra}]'") from error
