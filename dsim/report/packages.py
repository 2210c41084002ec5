"""The optional packages that draw a page."""

from __future__ import annotations

from dsim.packages import need

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
        need(package, what, "report")
