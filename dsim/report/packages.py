"""The optional packages that draw a page; an error in one line where one is missing."""

from __future__ import annotations

import importlib

from dsim.errors import MissingPackageError

PACKAGES = ("altair", "vl_convert", "jinja2")


def need_page_packages(what: str = "a report") -> None:
    """Import the packages that a page and its charts are made with.

    Parameters
    ----------
    what
        Needs them, for the message.

    Raises
    ------
    MissingPackageError
        A package is not installed, or cannot be imported.
    """
    for package in PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise MissingPackageError(
                f"{what} needs {package}, which cannot be imported ({error}); pip install 'dsim[report]'"
            ) from error
