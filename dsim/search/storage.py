"""Open the Optuna storage of a study, with errors that name it and never show a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import optuna

from dsim.errors import DsimError, FileAccessError, FileFormatError, MissingPackageError, install_line
from dsim.files import first_line

_HEADER = b"SQLite format 3\0"  # how every SQLite file begins
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*")
_SQLITE = "sqlite:///"
_SECRET_KEYS = re.compile(r"(?<=[?&])([^=&]*(?:pass|secret|token|key)[^=&]*)=([^&]*)", re.IGNORECASE)
_AGAIN = "remove the folder and run the study again, or choose another --name"


def without_password(url: str) -> str:
    """Return a storage's URL with the user's name and password hidden, to show it."""
    scheme, slashes, rest = url.partition("://")
    if not slashes or not _SCHEME.fullmatch(scheme):
        scheme, slashes, rest = "", "", url
    _, at, place = rest.rpartition("@")
    return f"{scheme}{slashes}{'***@' if at else ''}" + _SECRET_KEYS.sub(r"\1=***", place)


def _secrets(url: str) -> set[str]:
    """Return every part of a URL that may be a password, as written and decoded, whole and in pieces."""
    rest = url.partition("://")[2] or url
    user = rest.rpartition("@")[0].partition(":")[2]
    found = [user, *(value for _, value in _SECRET_KEYS.findall(rest))]
    pieces = [piece for text in found for piece in (text, *re.split(r"[:/@?#&]", text))]
    return {form for piece in pieces for form in (piece, unquote(piece)) if form}


@contextmanager
def storage_errors(url: str | None, opening: bool = False) -> Iterator[None]:
    """Turn what databases, their drivers and Optuna raise into one line that names the storage.

    Parameters
    ----------
    url
        URL of the storage, or None for memory, which has no such errors.
    opening
        Whether it is opened for the first time: then whatever goes wrong is its own.
    """
    try:
        yield
    except (DsimError, KeyboardInterrupt):
        raise
    except Exception as error:  # SQLAlchemy, its drivers and Optuna raise unrelated types for one thing
        if url is None or (not opening and type(error).__module__ == "builtins"):
            raise  # not the storage's
        raise _worded(error, url) from (None if url and _secrets(url) else error)


def _worded(error: Exception, url: str | None) -> DsimError:
    path = sqlite_file(url)
    if path is not None:
        why = first_line(error)
        if "malformed" in why or "not a database" in why or not _is_sqlite_error(error):
            return FileFormatError(f"{path} must be the database of a study, and is damaged: {why}; {_AGAIN}")
        return FileAccessError(f"{path} cannot be opened: {why}; check that its folder is writable")
    shown = without_password(url) if url else "in memory"
    said = first_line(error)
    if url and any(secret in said for secret in _secrets(url)):
        said = type(error).__name__
    missing = [one for one in (error, error.__cause__, error.__context__) if isinstance(one, ImportError)]
    if missing:
        driver = next((one.name for one in missing if one.name), "")
        return MissingPackageError(
            f"the storage {shown} needs a database driver that is not installed; "
            f"{f'run: {install_line(driver)}' if driver else 'install it with pip'}"
        )
    return FileAccessError(
        f"the study's storage {shown} cannot be used: {said}; check that the URL is right and the database answers"
    )


def _is_sqlite_error(error: Exception) -> bool:
    return type(error).__module__.startswith("sqlalchemy") or isinstance(error, OSError)


def sqlite_file(url: str | None) -> Path | None:
    """Return the file of an SQLite storage, or None where the storage is another one."""
    if not url or not url.startswith(_SQLITE) or len(url) == len(_SQLITE):
        return None
    return Path(url.removeprefix(_SQLITE).partition("?")[0])


def open_storage(url: str | None, name: str) -> optuna.Study:
    """Open the study of a name in a storage, or begin it.

    Parameters
    ----------
    url
        URL of an Optuna storage, or None for memory.

    Raises
    ------
    FileFormatError
        It is a file, and not a database.
    FileAccessError
        It cannot be opened.
    MissingPackageError
        No driver for such a database is installed.
    """
    path = sqlite_file(url)
    if path is not None:
        _check_file(path)
    with storage_errors(url, opening=True):
        return optuna.create_study(storage=url, study_name=name, direction="maximize", load_if_exists=True)


def _check_file(path: Path) -> None:
    """Refuse a file that is not a database before it is opened, because a driver's message does not name it."""
    if path.is_dir():
        raise FileFormatError(f"{path} must be the database of a study, and is a folder; {_AGAIN}")
    try:
        with path.open("rb") as file:
            begins = file.read(len(_HEADER))
    except FileNotFoundError:
        return  # it is begun
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error.strerror}; check its permissions") from error
    if begins and begins != _HEADER:
        raise FileFormatError(f"{path} must be the database of a study, and is not an SQLite file; {_AGAIN}")
