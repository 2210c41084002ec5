"""A space as a TOML file: written with what each key means, and read with errors that name the file and the key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import read_toml
from dsim.records import from_plain
from dsim.search.space import Space

RESOLUTION = "resolution"
SHOW = "correct it, or print one that is right with: dsim study --show-space"
_PLAIN = tuple(mixer for mixer in Mixer if not mixer.is_attention)
_ATTENTION = tuple(mixer for mixer in Mixer if mixer.is_attention)

# key -> what its values are (None for whole numbers and numbers), in how many rows, and what it means
_KEYS: dict[str, tuple[Sequence[str] | None, int, str]] = {
    RESOLUTION: (
        None,
        0,
        "side of the image, a multiple of 32; dsim study searches each of several: [192, 224]",
    ),
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


def load_space(path: Path, base: Space | None = None) -> Space:
    """Read a space from a TOML file; keys that are left out are those of another space, by default `Space()`.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not TOML, not a space, or one of several sizes of image; the message names the file, and the line or the key.
    """
    space, px = load_sizes(path, base)
    if px:
        raise one_side_only(path, px)
    return space


def as_space(space: Space | str | Path | None, base: Space | None = None) -> Space | None:
    """Return a space that may be given as the path of its file, see `load_space`; None stays None.

    Raises
    ------
    InvalidValueError
        It is neither.
    """
    if isinstance(space, str | Path):
        return load_space(Path(space), base)
    if space is None or isinstance(space, Space):
        return space
    raise InvalidValueError(
        f"a space must be a dsim.Space or the path of a TOML file, got {type(space).__name__}; write dsim.Space(...)"
    )


def one_side_only(path: Path, px: str) -> FileFormatError:
    """Return the error of a space whose images have several sizes, ``"192,224"``, where one is searched."""
    return FileFormatError(
        f"{path}: resolution must be one side here, got [{px.replace(',', ', ')}]; dsim study searches several, for a classifier on "
        "one device"
    )


def load_sizes(path: Path, base: Space | None = None) -> tuple[Space, str]:
    """Read a space whose images may have several sizes; for the rest see `load_space`.

    Returns
    -------
    tuple
        The space at the first size, and all sizes as `search_sizes` takes them for ``px``: ``"192,224"``; empty where it has one.
    """
    raw = read_toml(path, SHOW)
    if not raw:  # as `--show-space > space.toml` leaves it where it failed
        raise FileFormatError(f"{path} must name something that may vary, and is empty; {SHOW}")
    sides = raw.get(RESOLUTION)
    if not isinstance(sides, list) or not sides:
        sides = [sides]
    raw |= {RESOLUTION: sides[0]} if RESOLUTION in raw else {}
    space = from_plain(Space, {**(base or Space()).to_dict(), **raw}, str(path), SHOW)
    for side in sides[1:]:  # each is a side that a space may have
        from_plain(Space, {**raw, RESOLUTION: side}, str(path), SHOW)
    return space, ",".join(map(str, sides)) if len(sides) > 1 else ""
