"""One tree of errors. Every message says the rule, the value received and the remedy.

The leaves also inherit a builtin, so that code which knows nothing of dsim can catch them by their nature.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DsimError(Exception):
    """Root of everything that dsim raises on purpose; the command line turns it into one line and exit code 1."""


class InvalidValueError(DsimError, ValueError):
    """A value breaks a rule of the domain (an impossible shape, a negative width, a budget of zero)."""


class NothingFitsError(InvalidValueError):
    """No design of a space keeps to the limits; the command line ends with an exit code of its own."""


class BatchError(InvalidValueError):
    """A network takes another number of images at once than what it is asked of was measured at."""


class UnknownNameError(DsimError, KeyError):
    """A look-up by name failed; the message lists what is known."""

    def __str__(self) -> str:  # KeyError would show the repr of the message
        return str(self.args[0]) if self.args else ""


class FileFormatError(DsimError, ValueError):
    """A file is not what it should be; the message names file, row, column and rule where they exist."""


class FileAccessError(DsimError, OSError):
    """A file or folder cannot be read or written."""

    def __str__(self) -> str:  # OSError formats its arguments in its own way
        return str(self.args[0]) if self.args else ""


class UnsupportedOpError(DsimError, TypeError):
    """A network holds something that cannot be read or priced, and the caller asked for strictness."""


class ExportError(DsimError, RuntimeError):
    """A converter failed, or what it wrote does not compute what the design computes."""


class UnavailableError(DsimError, RuntimeError):
    """What was asked for cannot be had on this machine, or with what runs on it now; another one may allow it."""


class MissingPackageError(DsimError, ImportError):
    """An optional package is needed; the message names what to install."""


# modules that are installed under another name
_INSTALLED_AS = {
    "cv2": "opencv-python",
    "MySQLdb": "mysqlclient",
    "grpc": "'dsim[grpc]'",
    "PIL": "pillow",
    "psycopg": "'dsim[postgres]'",
    "psycopg2": "psycopg2-binary",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "pyyaml",
}


def install_line(module: str) -> str:
    """Return the command that installs a module."""
    package = module.partition(".")[0]
    return f"pip install {_INSTALLED_AS.get(package, package)}"


MOST_NAMES = 30  # a longer list of choices hides the closest one


def unknown_name(what: str, value: str, known: Iterable[str], nor: str = "") -> UnknownNameError:
    """Make the error for a failed look-up: it lists the choices and the closest one.

    Parameters
    ----------
    what
        The noun, e.g. ``"device"``.
    value
        What was asked for.
    known
        Every valid name.
    nor
        What else it might have been, and is not.
    """
    names = sorted(known)
    said = f"unknown {what} {value!r}{f', {nor}' if nor else ''}"
    if len(names) > MOST_NAMES:
        near = difflib.get_close_matches(value, names, n=5, cutoff=0.3) or names[:5]
        return UnknownNameError(
            f"{said}; the closest of {len(names)}: {', '.join(near)}; `dsim {what} list` shows all"
        )
    close = difflib.get_close_matches(value, names, n=1, cutoff=0.4)
    hint = f"; closest: {close[0]}" if close else ""
    return UnknownNameError(f"{said}; known: {', '.join(names) or 'none'}{hint}")
