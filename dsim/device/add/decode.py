"""Turn the bytes of a user's file into text, whichever program saved it."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from dsim.errors import FileFormatError

# the longer marks first: UTF-32's begins with UTF-16's
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOOKED_AT = 400  # bytes that tell UTF-16 without a mark
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def decode(raw: bytes, path: Path, forms: str) -> str:
    """Decode UTF-8, UTF-16 or UTF-32, with a byte-order mark or without, or else Windows' Western code page.

    Parameters
    ----------
    raw, path
        The file.
    forms
        What may be given instead, for the message.

    Returns
    -------
    str
        The text; every line ends with a line feed.

    Raises
    ------
    FileFormatError
        It is not text.
    """
    for encoding in _candidates(raw):
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        if not _NOT_TEXT.search(text):
            return text.replace("\r\n", "\n").replace("\r", "\n")
    raise FileFormatError(f"{path}: must be a text file, but holds bytes that are not text; give {forms}")


def _candidates(raw: bytes) -> tuple[str, ...]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return (encoding,)
    head = raw[:_LOOKED_AT]
    if head[1::2].count(0) * 4 > len(head):  # every second byte of plain words is 0
        return ("utf-16-le",)
    if head[0::2].count(0) * 4 > len(head):
        return ("utf-16-be",)
    return ("utf-8", "cp1252")
