"""Fields that lines of results share, whichever script wrote them: checked, and named where they are wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from dsim.files import first_line
from dsim.graph.passes import PASSES
from dsim.records import shown

MOST_MS = 3.6e6  # an hour: what takes longer was never meant to be timed
MOST_TEXT = 400
MOST_COPIES = 10**4


class ProbeFields(TypedDict):
    """What a line says of a probe: its block, norm, activation and shape in words, how many copies."""

    block: str
    norm: str
    activation: str
    shape: str
    copies: int


def text_field(raw: Mapping[str, Any], key: str) -> str:
    """Return a text that is neither empty nor endless; a `ValueError` says what was found."""
    if not isinstance(raw[key], str) or not 0 < len(raw[key]) <= MOST_TEXT:
        raise ValueError(f"{key} must be a text, got {shown(raw[key])}")
    return str(raw[key])


def copies_field(raw: Mapping[str, Any]) -> int:
    """Return how many copies of a block a network holds."""
    copies = raw["copies"]
    if type(copies) is not int or not 0 < copies <= MOST_COPIES:
        raise ValueError(f"copies must be a whole number of at least 1, got {shown(copies)}")
    return copies


def probe_fields(raw: Mapping[str, Any]) -> ProbeFields:
    """Return what a line says of a probe."""
    return ProbeFields(
        block=text_field(raw, "block"),
        norm=text_field(raw, "norm"),
        activation=text_field(raw, "activation"),
        shape=text_field(raw, "shape"),
        copies=copies_field(raw),
    )


def check_device_and_passes(head: Mapping[str, Any]) -> None:
    """Refuse a first line whose device is no object, or whose passes are not dsim's."""
    if not isinstance(head["device"], dict):
        raise TypeError(f"device must be an object, got {shown(head['device'])}")
    if not isinstance(head["passes"], list) or any(name not in PASSES for name in head["passes"]):
        raise ValueError(f"passes must be a list of {', '.join(PASSES)}, got {shown(head['passes'])}")


def why_broken(error: Exception) -> str:
    """Return in one line why a line of results cannot be read."""
    return f"{error.args[0]!r} is missing" if type(error) is KeyError else first_line(error)
