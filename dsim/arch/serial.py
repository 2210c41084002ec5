"""A design as JSON: strict, versioned, short enough to read and edit by hand."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from dsim.arch.block import Block
from dsim.arch.checks import whole
from dsim.arch.head import Head
from dsim.arch.stage import MAX_DEPTH, Stage
from dsim.errors import FileFormatError, InvalidValueError

T = TypeVar("T")

SCHEMA_VERSION = 1

_ARCH_KEYS = ("schema_version", "resolution", "num_classes", "stem", "stem_activation", "stages", "head")
_STAGE_KEYS = ("width", "downsample", "blocks")
_BLOCK_KEYS = ("count", "mixer", "mlp_ratio", "activation", "norm", "layer_scale")
_HEAD_KEYS = ("norm", "distilled", "pool_first")


def stage_to_dict(stage: Stage) -> dict[str, Any]:
    """Return plain values for JSON; equal neighbours among the blocks are written once, with a count."""
    runs = itertools.groupby(stage.blocks)
    return {
        "width": stage.width,
        "downsample": str(stage.downsample),
        "blocks": [_block_to_dict(block, len(list(run))) for block, run in runs],
    }


def head_to_dict(head: Head) -> dict[str, Any]:
    """Return plain values for JSON."""
    return {"norm": str(head.norm), "distilled": head.distilled, "pool_first": head.pool_first}


def _block_to_dict(block: Block, count: int) -> dict[str, Any]:
    return {
        "count": count,
        "mixer": str(block.mixer),
        "mlp_ratio": block.mlp_ratio,
        "activation": str(block.activation),
        "norm": str(block.norm),
        "layer_scale": block.layer_scale,
    }


def fields_from_json(text: str) -> dict[str, Any]:
    """Read what a design is made of from JSON.

    Raises
    ------
    FileFormatError
        Not JSON, or not a design.
    InvalidValueError
        The design is impossible.
    """
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        raise FileFormatError(
            f"a design is a JSON object, got text that is not JSON: {error}; correct it"
        ) from error
    return arch_fields(raw)


def arch_fields(raw: Any) -> dict[str, Any]:
    """Read what a design is made of from plain values.

    Raises
    ------
    FileFormatError
        A key is unknown, missing, or of the wrong type; the message names the place.
    InvalidValueError
        The design is impossible.
    """
    fields = _object(raw, "design", _ARCH_KEYS)
    if type(fields["schema_version"]) is not int or fields["schema_version"] != SCHEMA_VERSION:
        raise FileFormatError(
            f"a design has schema_version {SCHEMA_VERSION}, got {fields['schema_version']!r}; "
            "write it again with this version of dsim"
        )
    stages = tuple(_stage(item, f"stages[{i}]") for i, item in enumerate(_list(fields["stages"], "stages")))
    head = _object(fields["head"], "head", _HEAD_KEYS)
    made = {"stages": stages, "head": _at("head", partial(Head, **head))}
    return made | {key: fields[key] for key in ("stem", "stem_activation", "resolution", "num_classes")}


def _stage(raw: Any, place: str) -> Stage:
    fields = _object(raw, place, _STAGE_KEYS)
    blocks: list[Block] = []
    for i, item in enumerate(_list(fields["blocks"], f"{place}.blocks")):
        here = f"{place}.blocks[{i}]"
        values = _object(item, here, _BLOCK_KEYS)
        count = values.pop("count")
        _at(here, partial(whole, "count", count, 1, MAX_DEPTH))
        blocks += [_at(here, partial(Block, **values))] * count
    return _at(place, partial(Stage, fields["width"], tuple(blocks), fields["downsample"]))


def _object(raw: Any, place: str, keys: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(raw, Mapping):
        raise FileFormatError(
            f"{place} must be an object with {', '.join(keys)}, got {type(raw).__name__}; correct it"
        )
    unknown = [str(key) for key in raw if key not in keys]
    missing = [key for key in keys if key not in raw]
    if unknown:
        raise FileFormatError(
            f"{place} has keys {', '.join(keys)}, got also {', '.join(unknown)}; remove them"
        )
    if missing:
        raise FileFormatError(
            f"{place} has keys {', '.join(keys)}, but {', '.join(missing)} is missing; add it"
        )
    return dict(raw)


def _list(raw: Any, place: str) -> list[Any]:
    if not isinstance(raw, list | tuple):
        raise FileFormatError(f"{place} must be a list, got {type(raw).__name__}; correct it")
    return list(raw)


def _at(place: str, make: Callable[[], T]) -> T:
    """Run ``make`` and name the place where it found something impossible."""
    try:
        return make()
    except InvalidValueError as error:
        raise InvalidValueError(f"{place}: {error}") from error
