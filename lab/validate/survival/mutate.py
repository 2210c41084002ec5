"""Break the bytes of a sound file in one of the ways in which files break; what breaks ONNX models is from the tests."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from tests.graph.corrupt import corrupt_bytes

NUMBERS = (
    "1e400",
    "-1e308",
    "9" * 400,
    "-1",
    "0",
    "NaN",
    "inf",
    "1e-320",
    "true",
    "18446744073709551616",
    "0x10",
    "1_0",
)
VALUES = (
    "null",
    "true",
    "[]",
    "{}",
    '""',
    "''",
    "-1",
    "1e999",
    '"x"',
    "[1, [2]]",
    "'" + "y" * 3000 + "'",
    "\u2603",
)
_NUMBER, _WORD = re.compile(rb"-?\d+(?:\.\d+)?(?:e-?\d+)?"), re.compile(rb"\"[^\"\n]*\"|[A-Za-z_]{2,}")


def cut(raw: bytes, rng: random.Random) -> bytes:
    """Leave a beginning; now and then nothing at all."""
    return raw[: rng.choice((0, rng.randrange(len(raw) + 1), len(raw) - 1))]


def doubled(raw: bytes, rng: random.Random) -> bytes:
    """Write all of it, or a stretch, twice."""
    at, to = sorted(rng.randrange(len(raw) + 1) for _ in range(2))
    return rng.choice((raw + raw, raw[:to] + raw[at:]))


def no_text(raw: bytes, rng: random.Random) -> bytes:
    """Put bytes in that are not UTF-8, a byte order mark, or what another encoding makes of it."""
    at = rng.randrange(len(raw) + 1)
    wide = raw.decode("utf-8", errors="replace").encode("utf-16")
    return rng.choice(
        (raw[:at] + b"\xff\xfe\x80" + raw[at:], b"\xef\xbb\xbf" + raw, raw[:at] + b"\0" + raw[at:], wide)
    )


def numbers(raw: bytes, rng: random.Random) -> bytes:
    """Put other numbers, and words, in the place of some numbers."""
    return _swapped(raw, rng, _NUMBER, NUMBERS)


def types(raw: bytes, rng: random.Random) -> bytes:
    """Put values of other types in the place of some words."""
    return _swapped(raw, rng, _WORD, VALUES)


def _swapped(raw: bytes, rng: random.Random, what: re.Pattern[bytes], by: tuple[str, ...]) -> bytes:
    places = [match.span() for match in what.finditer(raw)]
    for start, end in sorted(rng.sample(places, min(len(places), rng.randint(1, 3))), reverse=True):
        raw = raw[:start] + rng.choice(by).encode() + raw[end:]
    return raw


WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bytes": corrupt_bytes,
    "cut": cut,
    "doubled": doubled,
    "no text": no_text,
    "numbers": numbers,
    "types": types,
}


def broken(raw: bytes, rng: random.Random) -> bytes:
    """Break it."""
    return rng.choice(list(WAYS.values()))(raw, rng)
