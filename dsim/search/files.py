"""The files of a study: ``study.toml`` (inputs), ``chosen.json`` (result) and ``front.parquet`` (Pareto front)."""

from __future__ import annotations

import io
import json
import math
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

from dsim.arch.named import CHOSEN
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import first_line, make_folder, read_bytes, read_json, read_toml, write_atomic
from dsim.records import shown
from dsim.search.result import SCHEMA_VERSION, Candidate, Cost, NotIdentified, Published, StudyResult
from dsim.search.serial import read_value
from dsim.search.space_file import space_from_dict
from dsim.search.spec import StudySpec

INPUTS, FRONT = "study.toml", "front.parquet"
_AGAIN = "remove the folder and run the study again, or choose another --name"


@dataclass(frozen=True)
class Recorded:
    """What a study was asked, as its study.toml holds it.

    Attributes
    ----------
    fingerprint
        Of inputs and models.
    inputs
        See `StudySpec.inputs`.
    models
        Content hashes of the models that it is judged by.
    """

    fingerprint: str
    inputs: dict[str, Any]
    models: dict[str, str]


def write_inputs(spec: StudySpec, fingerprint: str, models: dict[str, str]) -> None:
    """Write what a study was asked, before it begins.

    Raises
    ------
    FileAccessError
        The folder cannot be made or written.
    """
    make_folder(spec.folder)
    head = {"schema_version": SCHEMA_VERSION, "fingerprint": fingerprint}
    text = tomli_w.dumps({**head, "inputs": spec.inputs(), "models": models})
    write_atomic(spec.folder / INPUTS, text)


def read_inputs(folder: Path) -> Recorded | None:
    """Read what the study in a folder was asked, or return None where there is none.

    Raises
    ------
    FileAccessError
        The folder's study.toml cannot be read.
    FileFormatError
        It is damaged, or of another schema.
    """
    path = folder / INPUTS
    if not path.exists():
        return None
    raw = read_toml(path, _AGAIN)
    if raw.get("schema_version") != SCHEMA_VERSION:
        raise FileFormatError(
            f"{path} must have schema_version {SCHEMA_VERSION}, got {shown(raw.get('schema_version'))}; {_AGAIN}"
        )
    for key, kind in (("fingerprint", str), ("inputs", dict), ("models", dict)):
        if not isinstance(raw.get(key), kind):
            what = "a text" if kind is str else "a table"
            raise FileFormatError(f"{path} must hold {key!r}, {what}, got {shown(raw.get(key))}; {_AGAIN}")
    return Recorded(raw["fingerprint"], raw["inputs"], raw["models"])


def write_result(result: StudyResult) -> None:
    """Write the result beside the inputs; ``chosen.json`` comes last, so that it never speaks of a missing front."""
    folder = result.spec.folder
    rows = [
        {**c.to_dict(), "arch": json.dumps(c.arch.to_dict(), separators=(",", ":"))} for c in result.front
    ]
    buffer = io.BytesIO()
    pl.DataFrame(rows).write_parquet(buffer, compression="zstd")
    write_atomic(folder / FRONT, buffer.getvalue())
    body = {key: value for key, value in result.to_dict().items() if key != "front"}
    write_atomic(folder / CHOSEN, json.dumps(body, indent=2) + "\n")


def read_result(spec: StudySpec) -> StudyResult | None:
    """Read the finished result in a study's folder, or return None where it has none or was not finished.

    Raises
    ------
    FileAccessError
        A file of the study cannot be read.
    FileFormatError
        A file of the study is damaged; the message names it.
    """
    path = spec.folder / CHOSEN
    if not path.exists():
        return None
    raw = read_json(path, _AGAIN)
    if not isinstance(raw, dict):
        raise FileFormatError(f"{path} must be an object, got {shown(raw)}; {_AGAIN}")

    def part(key: str, hint: Any) -> Any:
        if key not in raw:
            raise FileFormatError(f"{path} must hold {key!r}, which is missing; {_AGAIN}")
        return _typed(hint, raw[key], path, key)

    cost = part("cost", Cost)
    if cost.interrupted or cost.capped:
        return None
    return StudyResult(
        spec,
        part("chosen", Candidate | None),
        _read_front(spec.folder / FRONT),
        part("fastest", Candidate),
        part("not_identified", tuple[NotIdentified, ...]),
        part("published", tuple[Published, ...]),
        cost,
        part("nearest_feasible_budget_ms", float | None),
        part("notes", tuple[str, ...]),
    )


def _read_front(path: Path) -> tuple[Candidate, ...]:
    content = read_bytes(path, _AGAIN)
    try:
        rows = pl.read_parquet(io.BytesIO(content)).rows(named=True)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        why = first_line(error).removeprefix("parquet: File out of specification: ")
        raise FileFormatError(f"{path} must be a parquet file, and is not ({why}); {_AGAIN}") from error
    front = []
    for number, row in enumerate(rows, 1):
        try:
            arch = json.loads(row.get("arch", ""))
        except (ValueError, TypeError, RecursionError) as error:
            raise FileFormatError(
                f"{path}, row {number}: 'arch' must be a design in JSON, got {first_line(error)}; {_AGAIN}"
            ) from error
        front.append(_typed(Candidate, {**row, "arch": arch}, path, f"row {number}"))
    return tuple(front)


def _typed(hint: Any, raw: Any, path: Path, place: str) -> Any:
    """Read a value as the type that a record declares; the message names file and place, and how to go on."""
    try:
        value = read_value(hint, raw, place)
    except FileFormatError as error:
        rule = str(error).rsplit("; ", 1)[0]
        raise FileFormatError(f"{path}: {rule}; {_AGAIN}") from error
    for one in value if isinstance(value, tuple) else (value,):
        if isinstance(one, Candidate) and not all(map(math.isfinite, one.figures)):
            raise FileFormatError(f"{path}: every figure in {place} must be a number, got null; {_AGAIN}")
    return value


def load_study(folder: Path) -> StudyResult:
    """Read a finished study from its folder, inputs included.

    Raises
    ------
    FileAccessError
        Its study.toml cannot be read.
    FileFormatError
        It is damaged, of another schema, or not finished.
    """
    path = folder / INPUTS
    recorded = read_inputs(folder)
    if recorded is None:
        raise FileFormatError(f"{folder} must hold a study, and has no {INPUTS}; name a study's folder")
    result = read_result(_read_spec(recorded.inputs, folder, path))
    if result is None:
        raise FileFormatError(
            f"{folder} must hold a finished study, and its search was not finished; run the same dsim study command again"
        )
    return result


def _read_spec(inputs: dict[str, Any], folder: Path, path: Path) -> StudySpec:
    hints = typing.get_type_hints(StudySpec)
    keys = ("device", "budget_ms", "confidence", "trials", "seed", "space")
    if set(inputs) != set(keys):
        raise FileFormatError(
            f"{path}: 'inputs' must hold {', '.join(keys)}, got {', '.join(inputs) or 'nothing'}; {_AGAIN}"
        )
    asked = {key: _typed(hints[key], inputs[key], path, f"inputs.{key}") for key in keys[:-1]}
    if not isinstance(inputs["space"], dict):
        raise FileFormatError(f"{path}: inputs.space must be a table, got {shown(inputs['space'])}; {_AGAIN}")
    space = space_from_dict(inputs["space"], f"{path}, inputs.space")
    whole = folder.resolve()  # "." has no name
    try:
        return StudySpec(**asked, space=space, name=whole.name, out=whole.parent)
    except InvalidValueError as error:
        raise FileFormatError(f"{path}: {error}") from error
