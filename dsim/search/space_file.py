"""A space as a TOML file: written with what each key means, and read with errors that name the file and the key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import read_toml
from dsim.records import shown
from dsim.search.space import Space

_REMEDY = "correct it, or print one that is right with: dsim study --show-space"
_PLAIN = tuple(mixer for mixer in Mixer if not mixer.is_attention)
_ATTENTION = tuple(mixer for mixer in Mixer if mixer.is_attention)

# key -> what its values are (None for whole numbers and numbers), in how many rows, and what it means
_KEYS: dict[str, tuple[Sequence[str] | None, int, str]] = {
    "resolution": (None, 0, "side of the image in pixels, a multiple of 32; top-1 is for this resolution"),
    "stems": (tuple(Stem), 1, "how the image becomes a map"),
    "mixers": (_PLAIN, 4, "token mixer of the blocks before attention, one row for each of the four stages"),
    "attentions": (_ATTENTION, 1, "kind of the attention blocks"),
    "attention_blocks": (None, 2, "how many of the last blocks of stages 3 and 4 are attention, 0 to 64"),
    "activations": (tuple(Activation), 1, "searched only where the device's evidence can price the change"),
    "norms": (tuple(Norm), 1, "searched only where the device's evidence can price the change"),
    "widths": (None, 4, "channels of each stage, 1 to 4096"),
    "depths": (None, 4, "blocks of each stage, 1 to 64"),
    "mlp_ratios": (None, 4, "hidden channels of the MLP as a multiple of the width, above 0 and at most 16"),
}
_CHOICES = {"stems": Stem, "mixers": Mixer, "attentions": Mixer, "activations": Activation, "norms": Norm}


def space_toml(space: Space) -> str:
    """Return a space as the text of a TOML file, with a comment for each key."""
    values = space.to_dict()
    lines = [
        "# What a search may vary. A key that is left out keeps the value that it has here. The first of each row is the",
        "# published one: where a device's evidence cannot price another, a search keeps it.",
    ]
    for key, (choices, rows, words) in _KEYS.items():
        known = f"; known: {', '.join(choices)}" if choices else ""
        lines += ["", f"# {words}{known}"]
        if rows > 1:
            lines += [f"{key} = [", *(f"    {_row(row)}," for row in values[key]), "]"]
        else:
            lines.append(f"{key} = {_row(values[key]) if rows else values[key]}")
    return "\n".join(lines) + "\n"


def _row(row: Sequence[Any]) -> str:
    return f"[{', '.join(f'{value:g}' if isinstance(value, float) else _item(value) for value in row)}]"


def _item(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def space_from_dict(raw: Mapping[str, Any], where: str = "space") -> Space:
    """Read a space from plain values; keys that are left out keep their defaults.

    Raises
    ------
    FileFormatError
        A key is unknown or a value is none of the choices; the message names the key.
    """
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in _KEYS:
            raise FileFormatError(
                f"{where}: a space has no {shown(key)}; it has: {', '.join(_KEYS)}; remove or rename it"
            )
        values[key] = _read(key, value, f"{where}, {key}")
    try:
        return Space(**values)
    except InvalidValueError as error:
        raise FileFormatError(f"{where}: {error}") from error


def _read(key: str, value: Any, where: str) -> Any:
    rows = _KEYS[key][1]
    if not rows:
        return value
    if rows == 1:
        return _read_row(key, value, where)
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        example = _row(Space().to_dict()[key][0])
        raise FileFormatError(
            f"{where}: must be a list of {rows} rows such as {example}, got {shown(value, 60)}; {_REMEDY}"
        )
    return tuple(_read_row(key, row, where) for row in value)


def _read_row(key: str, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        example = _row(Space().to_dict()[key])
        raise FileFormatError(f"{where}: must be a list such as {example}, got {shown(value, 60)}; {_REMEDY}")
    return tuple(_read_item(key, item, where) for item in value)


def _read_item(key: str, item: Any, where: str) -> Any:
    if key in _CHOICES:
        choices = _KEYS[key][0] or ()
        try:
            return _CHOICES[key](item)  # that attention is named in another key is checked with the rest
        except ValueError:
            raise FileFormatError(
                f"{where}: must be chosen from {', '.join(choices)}, got {shown(item, 60)}; correct it"
            ) from None
    if key == "mlp_ratios" and type(item) in (int, float):
        return float(item)
    if type(item) is not int:
        what = "numbers" if key == "mlp_ratios" else "whole numbers"
        raise FileFormatError(f"{where}: must hold {what}, got {shown(item, 60)}; correct it")
    return item


def load_space(path: Path) -> Space:
    """Read a space from a TOML file; keys that are left out keep their defaults.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not TOML, or not a space; the message names the file, and the line or the key.
    """
    return space_from_dict(read_toml(path, _REMEDY), str(path))
