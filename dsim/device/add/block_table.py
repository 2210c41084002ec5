"""The form of a lookup table, as ``dsim table`` writes it and ``dsim device add`` reads it."""

from __future__ import annotations

FIRST_LINE = "# dsim lookup table 1"
KEYS = ("device", "resolution", "classes")
