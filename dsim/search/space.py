"""Space: what a search may vary, as data. It reads from TOML and refuses what makes no sense."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import read_toml

_CONV_MIXERS = tuple(mixer for mixer in Mixer if not mixer.is_attention)
_ATTENTIONS = tuple(mixer for mixer in Mixer if mixer.is_attention)


@dataclass(frozen=True)
class Space:
    """The choices of a search; the first of each row is the published default of the design family.

    Attributes
    ----------
    stems, activations, norms
        One choice for the whole network.
    mixers
        For each of four stages, the token mixers of its blocks before attention.
    attentions
        Kinds of attention block; one kind for a whole network.
    attention_blocks
        For stages 3 and 4, how many of the last blocks are attention.
    widths, depths, mlp_ratios
        For each of four stages: channels, blocks, and hidden channels of the MLP as a multiple of the width.
    resolution
        Height and width of the image in pixels.

    Raises
    ------
    InvalidValueError
        A row is empty, repeats itself, or holds what a design cannot have.
    """

    stems: tuple[Stem, ...] = (Stem.TWO_CONVS, Stem.CONV7, Stem.PATCHIFY)
    mixers: tuple[tuple[Mixer, ...], ...] = (
        (Mixer.POOLING, Mixer.CONV3, Mixer.CONV5, Mixer.CONV7, Mixer.FFN),
    ) * 4
    attentions: tuple[Mixer, ...] = (Mixer.ATTENTION, Mixer.ATTENTION_V2)
    attention_blocks: tuple[tuple[int, ...], ...] = ((0, 1, 2), (1, 0, 2, 3, 4))
    activations: tuple[Activation, ...] = (
        Activation.GELU,
        Activation.RELU,
        Activation.SILU,
        Activation.HARDSWISH,
    )
    norms: tuple[Norm, ...] = (Norm.BATCH, Norm.LAYER, Norm.GROUP)
    widths: tuple[tuple[int, ...], ...] = (
        (32, 40, 48, 56, 64),
        (64, 80, 96, 112, 128),
        (128, 144, 160, 192, 224, 256, 288, 320),
        (224, 256, 288, 320, 384, 448, 512),
    )
    depths: tuple[tuple[int, ...], ...] = (
        (1, 2, 3, 4),
        (1, 2, 3, 4),
        (4, 5, 6, 8, 10, 12),
        (2, 3, 4, 5, 6, 8),
    )
    mlp_ratios: tuple[tuple[float, ...], ...] = ((2.0, 3.0, 4.0),) * 4
    resolution: int = 224

    def __post_init__(self) -> None:
        for name in ("stems", "attentions", "activations", "norms"):
            _row(name, getattr(self, name))
        for name, count in (
            ("mixers", 4),
            ("widths", 4),
            ("depths", 4),
            ("mlp_ratios", 4),
            ("attention_blocks", 2),
        ):
            rows = getattr(self, name)
            if len(rows) != count:
                raise InvalidValueError(
                    f"{name} must have {count} rows, one per stage, got {len(rows)}; add the missing"
                )
            for row in rows:
                _row(name, row)
        for row in self.mixers:
            if set(row) - set(_CONV_MIXERS):
                raise InvalidValueError(
                    f"mixers must be chosen from {', '.join(_CONV_MIXERS)}, got {', '.join(row)}; "
                    "name attention in 'attentions'"
                )
        if set(self.attentions) - set(_ATTENTIONS):
            raise InvalidValueError(
                f"attentions must be chosen from {', '.join(_ATTENTIONS)}, got {', '.join(self.attentions)}; "
                "name other mixers in 'mixers'"
            )
        for name, rows, least in (
            ("widths", self.widths, 1),
            ("depths", self.depths, 1),
            ("attention_blocks", self.attention_blocks, 0),
        ):
            if any(value < least for row in rows for value in row):
                raise InvalidValueError(f"{name} must be at least {least}, got {rows}; raise the small ones")
        for stage, row in zip((3, 4), self.attention_blocks, strict=True):
            if min(row) > max(self.depths[stage - 1]):
                raise InvalidValueError(
                    f"stage {stage} must have room for its attention blocks, got {row} blocks of attention in depths "
                    f"{self.depths[stage - 1]}; allow fewer, or deeper stages"
                )

    @property
    def points_per_mix(self) -> int:
        """Upper bound of the designs that share a mix: widths x depths x MLP ratios of four stages."""
        return math.prod(len(row) for rows in (self.widths, self.depths, self.mlp_ratios) for row in rows)

    def fixed(self, **choices: Any) -> Space:
        """Give a copy in which some rows are replaced."""
        return replace(self, **choices)

    def to_dict(self) -> dict[str, Any]:
        """Give plain values, the form of the TOML file."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def _row(name: str, row: tuple[Any, ...]) -> None:
    if not row or len(set(row)) != len(row):
        raise InvalidValueError(
            f"every row of {name} must hold at least one choice and no choice twice, got {list(map(str, row))}; correct it"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, int | float) else str(value)


_ELEMENT: dict[str, Any] = {
    "stems": Stem,
    "mixers": Mixer,
    "attentions": Mixer,
    "attention_blocks": int,
    "activations": Activation,
    "norms": Norm,
    "widths": int,
    "depths": int,
    "mlp_ratios": float,
}


def space_from_dict(raw: Mapping[str, Any], where: str = "space") -> Space:
    """Read a space from plain values; keys that are left out keep their defaults.

    Raises
    ------
    FileFormatError
        A key is unknown or a value is none of the choices; the message names the key.
    """
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key == "resolution":
            values[key] = value
        elif key in _ELEMENT:
            values[key] = _read(value, _ELEMENT[key], f"{where}, {key}")
        else:
            raise FileFormatError(
                f"{where}: a space has no {key!r}; it has: resolution, {', '.join(_ELEMENT)}; remove or rename it"
            )
    try:
        space = Space(**values)
    except InvalidValueError as error:
        raise FileFormatError(f"{where}: {error}") from error
    except TypeError as error:
        raise FileFormatError(
            f"{where}: rows must be lists of rows where stages differ: {error}; see README"
        ) from error
    if type(space.resolution) is not int or space.resolution < 32 or space.resolution % 32:
        raise FileFormatError(
            f"{where}: resolution must be a multiple of 32 of at least 32, got {space.resolution!r}; use 224"
        )
    return space


def _read(value: Any, element: Any, where: str) -> Any:
    if isinstance(value, list):
        return tuple(_read(item, element, where) for item in value)
    ok = (
        type(value) in ((int, float) if element is float else (int,))
        if element in (int, float)
        else isinstance(value, str)
    )
    try:
        if not ok:
            raise ValueError
        return element(value)
    except ValueError:
        choices = ", ".join(element) if element not in (int, float) else f"{element.__name__} values"
        raise FileFormatError(f"{where}: must be chosen from {choices}, got {value!r}; correct it") from None


def load_space(path: Path) -> Space:
    """Read a space from a TOML file; keys that are left out keep their defaults.

    Raises
    ------
    FileAccessError
        The file cannot be read.
    FileFormatError
        It is not TOML, or not a space; the message names the file, and the line or the key.
    """
    return space_from_dict(
        read_toml(path, "name a TOML file of a space, see `dsim study --show-space`"), str(path)
    )
