"""Optional packages of the backends; an error in one line where one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from dsim.errors import MissingPackageError
from dsim.export.quiet import quiet


def need(package: str, backend: str, extra: str) -> ModuleType:
    """Import a backend's package.

    Raises
    ------
    MissingPackageError
        It is not installed, or cannot be imported.
    """
    try:
        with quiet():  # some print what else they could not load
            return importlib.import_module(package)
    except ImportError as error:
        raise MissingPackageError(
            f"backend {backend} needs {package}, which cannot be imported ({error}); pip install 'dsim[{extra}]'"
        ) from error
