"""The files of a study: ``study.toml`` (inputs), ``chosen.json`` (result) and ``front.parquet`` (Pareto front)."""

from __future__ import annotations

import io
import json
import tomllib
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

from dsim.errors import DsimError, FileAccessError, FileFormatError
from dsim.files import make_folder, write_atomic
from dsim.search.result import SCHEMA_VERSION, Candidate, Cost, NotIdentified, Published, StudyResult
from dsim.search.space import space_from_dict
from dsim.search.spec import StudySpec

INPUTS, CHOSEN, FRONT = "study.toml", "chosen.json", "front.parquet"


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


def read_fingerprint(folder: Path) -> str | None:
    """Give the fingerprint of the study in a folder, or None where there is none.

    Raises
    ------
    FileFormatError
        The folder's study.toml is broken.
    """
    path = folder / INPUTS
    if not path.exists():
        return None
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8"))["fingerprint"])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        raise FileFormatError(
            f"{path} must be written by dsim, got {error}; remove the folder or choose another --name"
        ) from error


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
    """Give the finished result in a study's folder, or None where it has none or was not finished.

    Raises
    ------
    FileFormatError
        A file of the study is broken.
    """
    path = spec.folder / CHOSEN
    if not path.exists():
        return None
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        cost = Cost(**raw["cost"])
        if cost.interrupted or cost.capped:
            return None
        rows = pl.read_parquet(spec.folder / FRONT).rows(named=True)
        front = tuple(Candidate.from_dict({**row, "arch": json.loads(row["arch"])}) for row in rows)
        return StudyResult(
            spec,
            Candidate.from_dict(raw["chosen"]) if raw["chosen"] else None,
            front,
            Candidate.from_dict(raw["fastest"]),
            tuple(
                NotIdentified(**{**item, "dropped": tuple(item["dropped"])}) for item in raw["not_identified"]
            ),
            tuple(Published(**item) for item in raw["published"]),
            cost,
            raw["nearest_feasible_budget_ms"],
            tuple(raw["notes"]),
        )
    except (OSError, ValueError, KeyError, TypeError, DsimError, pl.exceptions.PolarsError) as error:
        raise FileFormatError(
            f"{path} must be written by dsim, got {error}; remove the folder or choose another --name"
        ) from error


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
    try:
        raw: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        if raw["schema_version"] != SCHEMA_VERSION:
            raise FileFormatError(
                f"{path} must have schema_version {SCHEMA_VERSION}, got {raw['schema_version']!r}; run the study again"
            )
        asked = dict(raw["inputs"])
        space = space_from_dict(asked.pop("space"), f"{path}, space")
        whole = folder.resolve()  # "." has no name
        spec = StudySpec(**asked, space=space, name=whole.name, out=whole.parent)
    except OSError as error:
        raise FileAccessError(f"{path} cannot be read: {error}; name a study's folder") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DsimError):
            raise
        raise FileFormatError(f"{path} must be written by dsim, got {error}; run the study again") from error
    result = read_result(spec)
    if result is None:
        raise FileFormatError(
            f"{folder} must hold a finished study, and its search was not finished; run the same dsim study command again"
        )
    return result
