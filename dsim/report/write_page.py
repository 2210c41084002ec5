"""Write the page of studies and comparisons, and its figures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dsim.errors import FileAccessError, InvalidValueError
from dsim.files import make_folder, write_atomic
from dsim.report.held import find_held, kept_held
from dsim.report.packages import need_page_packages

MARK = b'<meta name="generator" content="dsim">'  # in the head of every page that dsim writes
HEAD_BYTES = 4096


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    files
        The page and its figures.
    left_out
        What the folders hold that is not shown, and why, a line each.
    """

    files: tuple[Path, ...]
    left_out: tuple[str, ...]


def write_page(
    folders: Sequence[str | os.PathLike[str]],
    out: str | os.PathLike[str] | None = "report.html",
    png: str | os.PathLike[str] | None = None,
    svg: str | os.PathLike[str] | None = None,
    held_out: bool = False,
    force: bool = False,
) -> Written:
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
    force
        Whether the HTML file may replace one that dsim did not make.

    Returns
    -------
    Written
        The files, and what is unfinished or damaged and so not shown.

    Raises
    ------
    InvalidValueError
        The file's name ends in something else than HTML's does.
    MissingPackageError
        The packages that draw are not installed.
    DsimError
        The folders hold no finished study or comparison, ``out`` is a file that dsim did not make, or a file cannot be
        written.
    """
    if out is not None and Path(out).suffix.lower() not in {".html", ".htm", ""}:
        raise InvalidValueError(
            f"a report is written as HTML, got the file name {Path(out).name!r}; end it in .html"
        )
    need_page_packages()
    if out is not None and not force:
        _check_ours(Path(out))
    from dsim.report.page import (  # they load these packages
        make_page,
        read_subjects,
        render_page,
        write_figures,
    )

    subjects = read_subjects([Path(folder) for folder in folders])
    page = make_page(subjects.shown, find_held if held_out else kept_held)
    written = list(write_figures(page, Path(png))) if png is not None else []
    written += write_figures(page, Path(svg), "svg") if svg is not None else ()
    if out is not None:
        path = Path(out)
        make_folder(path.parent)
        write_atomic(path, render_page(page))
        written.append(path)
    return Written(tuple(written), subjects.left_out)


def _check_ours(path: Path) -> None:
    """Refuse a file that holds something else than a page of dsim."""
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror}; choose another name") from error
    if head and MARK not in head:
        raise FileAccessError(
            f"{path} must be new or a page that dsim made, and is another file; choose another name, or replace it with --force"
        )
