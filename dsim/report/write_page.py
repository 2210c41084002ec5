"""Write the page of studies and comparisons, and its figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from dsim.files import make_folder, write_atomic
from dsim.report.held import find_held, kept_held
from dsim.report.packages import need_page_packages


def write_page(
    folders: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = "report.html",
    png: str | os.PathLike[str] | None = None,
    svg: str | os.PathLike[str] | None = None,
    held_out: bool = False,
) -> tuple[Path, ...]:
    """Write the studies and comparisons of some folders as one HTML page, as ``dsim report`` does.

    Parameters
    ----------
    folders
        Studies, comparisons, or folders that hold several.
    out
        The HTML file; None for none.
    png, svg
        Folders to write every figure into, as PNG and as SVG files; None for none.
    held_out
        Whether to compute held-out predictions that are not known yet; takes minutes for each profile.

    Returns
    -------
    tuple
        The files.

    Raises
    ------
    MissingPackageError
        The packages that draw are not installed.
    DsimError
        A folder holds no study or comparison, or a file cannot be written.
    """
    need_page_packages()
    from dsim.report.page import (  # they load these packages
        make_page,
        read_subjects,
        render_page,
        write_figures,
    )

    page = make_page(
        read_subjects([Path(folder) for folder in folders]), find_held if held_out else kept_held
    )
    written = list(write_figures(page, Path(png))) if png is not None else []
    written += write_figures(page, Path(svg), "svg") if svg is not None else ()
    if out is not None:
        path = Path(out)
        make_folder(path.parent)
        write_atomic(path, render_page(page))
        written.append(path)
    return tuple(written)
