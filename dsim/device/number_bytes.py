"""How many bytes a number takes on a device: told from the words in which its profile states the precision."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NumberBytes:
    """Bytes of one number.

    Attributes
    ----------
    weight
        In the file of a network.
    activation
        While it runs.
    stated
        Whether the profile says so; 32-bit floats are taken where it does not.
    """

    weight: int
    activation: int
    stated: bool = True


# the first that a profile's precision holds
_WORDS = (
    (r"8-bit weights, 16-bit activations|w8a16", NumberBytes(1, 2)),
    (r"8-bit|int8|w8a8", NumberBytes(1, 1)),
    (r"AMP", NumberBytes(4, 2)),  # weights stay in 32 bits
    (r"weights stored in 16 bits", NumberBytes(2, 4)),
    (r"float16|fp16|bf16|bfloat16|16-bit|half", NumberBytes(2, 2)),
    (r"float32|fp32|32-bit", NumberBytes(4, 4)),
)


def number_bytes(precision: str) -> NumberBytes:
    """Return how many bytes a number takes, for a profile's words on its precision."""
    found = (taken for words, taken in _WORDS if re.search(words, precision, re.IGNORECASE))
    return next(found, NumberBytes(4, 4, stated=False))
