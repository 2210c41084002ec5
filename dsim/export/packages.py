"""Optional packages: one clear line where one is missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from dsim.errors import MissingPackageError
from dsim.export.quiet import quiet


def need(package: str, form: str, extra: str) -> ModuleType:
    """Import an optional package; what it prints on import is kept away from the user.

    Parameters
    ----------
    package
        Its importable name.
    form
        What it is for, e.g. ``"onnx"``.
    extra
        The extra of dsim that brings it.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    try:
        with quiet():
            return importlib.import_module(package)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == package.partition(".")[0]
        why = "which is not installed" if absent else f"which cannot be imported ({error})"
        raise MissingPackageError(
            f"export to {form} needs {package}, {why}; pip install 'dsim[{extra}]'"
        ) from error
