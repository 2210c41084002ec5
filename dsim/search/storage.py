"""Open the Optuna storage of a study, with errors that name it and never show a password.

What an address begins with says which storage it is: ``postgresql://``, ``sqlite:///`` and what else SQLAlchemy knows are
databases, ``journal://`` is a file in a folder that all workers see, ``grpc://`` is Optuna's proxy in front of a database.
"""

from __future__ import annotations

import random
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from urllib.parse import unquote, urlsplit

import optuna
from optuna.storages import BaseStorage, GrpcStorageProxy, JournalStorage, RDBStorage, get_storage
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from dsim.errors import DsimError, FileAccessError, FileFormatError, MissingPackageError, install_line
from dsim.files import first_line
from dsim.search.journal import JournalOfWholeLines

_HEADER = b"SQLite format 3\0"  # how every SQLite file begins
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*")
_SQLITE, JOURNAL, GRPC, _POSTGRES = "sqlite:///", "journal://", "grpc://", "postgresql://"
_GRPC_PORT = 13000  # where Optuna's proxy listens if nobody says otherwise
SILENT_S = 60  # after so long without a sign of life, the work of another is lost
BEATS = 6  # signs of life in that time
_TRIES = 8  # to make the tables of an empty database, which others may be making
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
def storage_errors(url: str) -> Iterator[None]:
    """Turn what databases, their drivers and Optuna raise into one line that names the storage."""
    try:
        with warnings.catch_warnings():
            # heartbeats, the proxy and names of values, all of which Optuna marks as experimental
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    except DsimError:
        raise
    except Exception as error:  # SQLAlchemy, its drivers, gRPC and Optuna raise unrelated types for one thing
        raise _worded(error, url) from (None if _secrets(url) else error)


def _worded(error: Exception, url: str) -> DsimError:
    path = sqlite_file(url)
    if path is not None:
        why = first_line(error)
        if "malformed" in why or "not a database" in why or not _is_sqlite_error(error):
            return FileFormatError(f"{path} must be the database of a study, and is damaged: {why}; {_AGAIN}")
        return FileAccessError(f"{path} cannot be opened: {why}; check that its folder is writable")
    shown = without_password(url)
    said = _said(error)
    if any(secret in said for secret in _secrets(url)):
        said = type(error).__name__
    missing = [one for one in (error, error.__cause__, error.__context__) if isinstance(one, ImportError)]
    if missing:
        driver = next((one.name for one in missing if one.name), "")
        if url.startswith(GRPC):
            driver = "grpc"
        what = "a package" if url.startswith(GRPC) else "a database driver"
        return MissingPackageError(
            f"the storage {shown} needs {what} that is not installed; "
            f"{f'run: {install_line(driver)}' if driver else 'install it with pip'}"
        )
    if url.startswith(JOURNAL) and isinstance(error, LookupError | TypeError | ValueError | AttributeError):
        return FileFormatError(
            f"{file_of(url)} must be the journal of studies, and is damaged: {said}; give another --storage"
        )
    remedy = "its folder is there and writable" if url.startswith(JOURNAL) else "the database answers"
    return FileAccessError(
        f"the study's storage {shown} cannot be used: {said}; check that the URL is right and {remedy}"
    )


def _said(error: Exception) -> str:
    """Return what an error says; one of gRPC says it in its details, and is a page otherwise."""
    details = getattr(error, "details", None)
    return first_line(ConnectionError(details())) if callable(details) else first_line(error)


def _is_sqlite_error(error: Exception) -> bool:
    return type(error).__module__.startswith("sqlalchemy") or isinstance(error, OSError)


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite storage, or None where the storage is another one."""
    if not url.startswith(_SQLITE) or len(url) == len(_SQLITE):
        return None
    return Path(url.removeprefix(_SQLITE).partition("?")[0])


def file_of(url: str) -> Path | None:
    """Return the file of a storage that is one, or None where the storage is a server."""
    return Path(url.removeprefix(JOURNAL)) if url.startswith(JOURNAL) else sqlite_file(url)


def open_storage(url: str, name: str, silent_s: int = SILENT_S) -> tuple[optuna.Study, BaseStorage]:
    """Open the study of a name in a storage, or begin it; others may be doing the same.

    Parameters
    ----------
    silent_s
        After so many seconds without a sign of life the work of another is lost, where the storage is a database.

    Raises
    ------
    FileFormatError
        It is a file, and not a database.
    FileAccessError
        It cannot be opened.
    MissingPackageError
        No driver for such a database is installed.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = connect(url, silent_s)
    with storage_errors(url):
        try:
            study = optuna.load_study(storage=storage, study_name=name)  # who only looks writes nothing
        except KeyError:
            study = optuna.create_study(
                storage=storage, study_name=name, direction="maximize", load_if_exists=True
            )
    return study, storage


def connect(url: str, silent_s: int = SILENT_S) -> BaseStorage:
    """Open a storage; see `open_storage`."""
    path = sqlite_file(url)
    if path is not None:
        _check_file(path)
    with storage_errors(url):
        if url.startswith(JOURNAL):
            return JournalStorage(JournalOfWholeLines(url.removeprefix(JOURNAL)))
        if url.startswith(GRPC):
            place = urlsplit(url)
            return GrpcStorageProxy(host=place.hostname or "localhost", port=place.port or _GRPC_PORT)
        return get_storage(_database(url, silent_s))


def together(storage: BaseStorage) -> AbstractContextManager[None]:
    """Write what is written meanwhile at once, where the storage can; nothing of it is read before."""
    journal = getattr(storage, "_backend", None)
    return journal.together() if isinstance(journal, JournalOfWholeLines) else nullcontext()


def disconnect(storage: BaseStorage) -> None:
    """Close the connections to a database; it connects anew when it is asked again."""
    storage.remove_session()
    engine = getattr(getattr(storage, "_backend", None), "engine", None)
    if engine is not None:
        engine.dispose()


def _database(url: str, silent_s: int) -> RDBStorage:
    """Open a database; where another worker makes the tables of an empty one at the same time, wait and look again."""
    if url.startswith(_POSTGRES):  # SQLAlchemy 2.0 takes psycopg2 where no driver is named
        url = url.replace(_POSTGRES, "postgresql+psycopg://", 1)
    file = url.startswith("sqlite")
    options = {"connect_args": {"timeout": SILENT_S}} if file else {"pool_pre_ping": True}
    for attempt in range(_TRIES):
        try:
            return RDBStorage(
                url.replace("{", "{{").replace("}", "}}"),  # Optuna fills in what stands in braces
                dict(options),
                heartbeat_interval=max(1, silent_s // BEATS),
                grace_period=silent_s,
            )
        except (DBAPIError, AssertionError) as error:
            made = isinstance(error, (IntegrityError, ProgrammingError, AssertionError))
            if attempt + 1 == _TRIES or not (made or "already exists" in str(error)):
                raise
            time.sleep(0.1 * (attempt + random.random()))
    raise AssertionError("unreachable")


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
