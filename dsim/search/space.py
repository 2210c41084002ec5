"""Space: what a search may vary, as data; impossible choices are refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from dsim.arch import Activation, Mixer, Norm, Stem
from dsim.arch.arch import MAX_RESOLUTION
from dsim.arch.block import MAX_MLP_RATIO
from dsim.arch.serial import MAX_DEPTH
from dsim.arch.stage import MAX_WIDTH
from dsim.errors import InvalidValueError
from dsim.records import shown, to_plain

_STEP = 32  # pixels: four stages halve the image five times in all
_CONV_MIXERS = tuple(mixer for mixer in Mixer if not mixer.is_attention)
_ATTENTIONS = tuple(mixer for mixer in Mixer if mixer.is_attention)
_NAMED: dict[str, type[StrEnum]] = {
    "stems": Stem,
    "attentions": Mixer,
    "activations": Activation,
    "norms": Norm,
}


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
        for name, kind in _NAMED.items():
            object.__setattr__(self, name, _members(name, getattr(self, name), kind))
        object.__setattr__(self, "mixers", tuple(_members("mixers", row, Mixer) for row in self.mixers))
        for name in ("widths", "depths", "mlp_ratios", "attention_blocks"):
            object.__setattr__(self, name, tuple(_listed(name, row) for row in getattr(self, name)))
        for name in ("stems", "attentions", "activations", "norms"):
            _row(name, getattr(self, name))
        for name, count, meant in (
            ("mixers", 4, "one for each stage"),
            ("widths", 4, "one for each stage"),
            ("depths", 4, "one for each stage"),
            ("mlp_ratios", 4, "one for each stage"),
            ("attention_blocks", 2, "for stages 3 and 4"),
        ):
            rows = getattr(self, name)
            if len(rows) != count:
                remedy = "add the missing" if len(rows) < count else "take some out"
                raise InvalidValueError(f"{name} must have {count} rows, {meant}, got {len(rows)}; {remedy}")
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
        for name, least, most in (
            ("widths", 1, MAX_WIDTH),
            ("depths", 1, MAX_DEPTH),
            ("attention_blocks", 0, MAX_DEPTH),
        ):
            for value in (value for row in getattr(self, name) for value in row):
                if type(value) is not int or not least <= value <= most:
                    raise InvalidValueError(
                        f"{name} must be whole numbers from {least} to {most}, got {shown(value)}; correct it"
                    )
        self._check_mlps()
        if Stem.TWO_CONVS in self.stems and min(self.widths[0]) < 2:
            raise InvalidValueError(
                f"widths of stage 1 must be at least 2 with the stem {Stem.TWO_CONVS}, which halves them, got "
                f"{min(self.widths[0])}; raise it, or leave the stem out"
            )
        side = self.resolution
        if type(side) is not int or not _STEP <= side <= MAX_RESOLUTION or side % _STEP:
            raise InvalidValueError(
                f"resolution must be a multiple of {_STEP} from {_STEP} to {MAX_RESOLUTION}, got {shown(side)}; use 224"
            )
        for stage, row in zip((3, 4), self.attention_blocks, strict=True):
            if min(row) > max(self.depths[stage - 1]):
                raise InvalidValueError(
                    f"stage {stage} must have room for its attention blocks, got at least {min(row)} in depths up to "
                    f"{max(self.depths[stage - 1])}; allow fewer, or deeper stages"
                )

    def _check_mlps(self) -> None:
        for widths, ratios in zip(self.widths, self.mlp_ratios, strict=True):
            for ratio in ratios:
                if (
                    isinstance(ratio, bool)
                    or not isinstance(ratio, int | float)
                    or not 0 < ratio <= MAX_MLP_RATIO
                ):
                    raise InvalidValueError(
                        f"mlp_ratios must be above 0 and at most {MAX_MLP_RATIO:g}, got {shown(ratio)}; "
                        "published designs use 1 to 6"
                    )
                if int(ratio * min(widths)) < 1:
                    raise InvalidValueError(
                        f"an MLP must have a hidden channel, got ratio {ratio:g} of width {min(widths)}; raise one of them"
                    )

    @property
    def points_per_mix(self) -> int:
        """Upper bound of the designs that share a mix: widths x depths x MLP ratios of four stages."""
        return math.prod(len(row) for rows in (self.widths, self.depths, self.mlp_ratios) for row in rows)

    def fixed(self, **choices: Any) -> Space:
        """Return a copy in which some rows are replaced."""
        return replace(self, **choices)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, the form of the TOML file."""
        return dict(to_plain(self))


def _listed(name: str, row: Any) -> tuple[Any, ...]:
    """Return a row that may be a list; a single value is no row."""
    if not isinstance(row, tuple | list):
        raise InvalidValueError(
            f"every row of {name} must be a tuple of choices, got {shown(row)}; write ({row!r},)"
        )
    return tuple(row)


def _members(name: str, row: Any, kind: type[StrEnum]) -> tuple[Any, ...]:
    """Return the choices that a row names."""
    known = list(kind)
    for value in _listed(name, row):
        if value not in known:
            raise InvalidValueError(
                f"{name} must be chosen from {', '.join(known)}, got {shown(value)}; correct it"
            )
    return tuple(kind(value) for value in row)


def _row(name: str, row: tuple[Any, ...]) -> None:
    if not row or len(set(row)) != len(row):
        raise InvalidValueError(
            f"a list of {name} must hold at least one choice, and none twice, got [{', '.join(map(str, row))}]; correct it"
        )
