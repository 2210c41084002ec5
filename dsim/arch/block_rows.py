"""The pieces of designs in words: a row of plain values for each, and back."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from dsim.arch.choices import Activation, Downsample, Mixer, Norm, Stem
from dsim.arch.lower import BlockPart, HeadPart, Part, StemPart, TransitionPart
from dsim.arch.lower.cut import STRIDED_STAGE
from dsim.errors import InvalidValueError

CONSTANT = "constant"


@dataclass(frozen=True, kw_only=True)
class BlockRow:
    """One row of a lookup table; what a piece does not have is None or empty.

    Attributes
    ----------
    part
        stem, downsample, block, head, or constant for what no piece carries.
    stage
        1 to 4; of a downsampler the stage that it leads to.
    width, width_before
        Channels that come out; of a downsampler also those that come in.
    kind
        Stem, downsampler, token mixer, or ``distilled`` for a head with two classifiers and ``plain`` for one.
    mlp_ratio, activation, norm
        Of a block; a stem has an activation too, and a head a norm.
    map
        Height and width of what comes in, in positions.
    form
        Of an attention block on tokens, ``map>tokens`` and the like, what it takes and gives; of a head what it takes.
    latency_ms
        The price.
    evidence
        What the price of its least known operator rests on.
    """

    part: str
    stage: int | None = None
    width: int | None = None
    width_before: int | None = None
    kind: str = ""
    mlp_ratio: float | None = None
    activation: str = ""
    norm: str = ""
    map: int | None = None
    form: str = ""
    latency_ms: float = 0.0
    evidence: str = ""


COLUMNS = tuple(field.name for field in fields(BlockRow))


def row_of(part: Part, resolution: int) -> BlockRow:
    """Return the row of a piece, without its price."""
    if isinstance(part, StemPart):
        return BlockRow(
            part="stem",
            width=part.width,
            kind=str(part.stem),
            activation=str(part.activation or ""),
            map=resolution,
        )
    stage = {resolution // (4 << index): index + 1 for index in range(4)}[part.size]
    if isinstance(part, TransitionPart):
        return BlockRow(
            part="downsample",
            stage=stage + 1,
            width=part.out_width,
            width_before=part.in_width,
            kind=str(part.downsample),
            map=part.size,
        )
    if isinstance(part, HeadPart):
        return BlockRow(
            part="head",
            width=part.width,
            kind="distilled" if part.distilled else "plain",
            norm=str(part.norm),
            map=part.size,
            form="tokens" if part.tokens_in else "map",
        )
    return BlockRow(
        part="block",
        stage=stage,
        width=part.width,
        kind=str(part.mixer),
        mlp_ratio=part.hidden / part.width,
        activation=str(part.activation),
        norm=str(part.norm),
        map=part.size,
        form=_form(part),
    )


def _form(part: BlockPart) -> str:
    if part.mixer is not Mixer.ATTENTION:
        return ""
    return f"{'tokens' if part.tokens_in else 'map'}>{'map' if part.map_out else 'tokens'}"


def part_of(row: BlockRow, classes: int) -> Part:
    """Return the piece that a row is of: the inverse of `row_of`.

    Raises
    ------
    InvalidValueError
        It is of no piece that a design can have.
    """
    width, size = _number(row, "width"), _number(row, "map")
    if row.part == "stem":
        activation = Activation(row.activation) if row.activation else None
        return StemPart(Stem(row.kind), activation, width, size)
    if row.part == "downsample":
        return TransitionPart(Downsample(row.kind), _number(row, "width_before"), width, size)
    if row.part == "head":
        return HeadPart(
            Norm(row.norm), False, row.kind == "distilled", classes, width, size, row.form == "tokens"
        )
    if row.part != "block" or row.stage is None or row.mlp_ratio is None:
        raise InvalidValueError(
            f"a row is of a stem, downsample, block or head with all that it has, got {row.part!r}; correct it"
        )
    mixer, hidden = Mixer(row.kind), round(row.mlp_ratio * width)
    block = BlockPart(
        mixer, width, hidden, size, Activation(row.activation), Norm(row.norm), layer_scale=True
    )
    if mixer is Mixer.ATTENTION_V2 and row.stage == STRIDED_STAGE + 1:
        return replace(block, stride=2)
    before, _, after = row.form.partition(">")
    return replace(block, tokens_in=before == "tokens", map_out=after == "map")


def _number(row: BlockRow, name: str) -> int:
    value = getattr(row, name)
    if not isinstance(value, int) or value < 1:
        raise InvalidValueError(
            f"column {name!r} must be a whole number of at least 1, got {value!r}; correct it"
        )
    return value
