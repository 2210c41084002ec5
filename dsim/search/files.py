"""The files of a study: ``study.toml`` (inputs), ``chosen.json`` (result) and ``front.parquet`` (Pareto front)."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from dsim.arch.named import CHOSEN
from dsim.errors import FileFormatError, InvalidValueError
from dsim.files import first_line, make_folder, read_bytes, read_json, read_toml, write_atomic
from dsim.records import from_plain, from_rows, from_versioned, to_json, to_rows, to_toml, to_versioned
from dsim.search.candidate import Candidate
from dsim.search.joint_spec import BUDGETS, JointSpec
from dsim.search.result import SCHEMA_VERSION, ResultForm, StudyResult
from dsim.search.spec import StudyInputs, StudySpec
from dsim.search.task import RANK_KEYS, TOP1_KEYS, renamed

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
        See `StudySpec.inputs` and `JointSpec.inputs`.
    models
        Content hashes of the models that it is judged by.
    """

    fingerprint: str
    inputs: dict[str, Any]
    models: dict[str, str]

    @property
    def is_joint(self) -> bool:
        """Whether it is a study for several devices, see `JointSpec`."""
        return BUDGETS in self.inputs


def write_inputs(spec: StudySpec | JointSpec, fingerprint: str, models: dict[str, str]) -> None:
    """Write what a study was asked, before it begins.

    Raises
    ------
    FileAccessError
        The folder cannot be made or written.
    """
    make_folder(spec.folder)
    recorded = Recorded(fingerprint, spec.inputs(), models)
    write_atomic(spec.folder / INPUTS, to_toml(to_versioned(recorded, SCHEMA_VERSION)))


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
    return from_versioned(Recorded, read_toml(path, _AGAIN), SCHEMA_VERSION, str(path), _AGAIN)


def write_result(result: StudyResult) -> None:
    """Write the result beside the inputs; ``chosen.json`` comes last, so that it is never there without its front."""
    folder = result.spec.folder
    buffer = io.BytesIO()
    frame = to_rows(result.front, Candidate)
    if result.spec.task is not None:
        frame = frame.rename(RANK_KEYS, strict=False)
    frame.write_parquet(buffer, compression="zstd")
    write_atomic(folder / FRONT, buffer.getvalue())
    body = {key: value for key, value in result.to_dict().items() if key != "front"}
    write_atomic(folder / CHOSEN, to_json(body, indent=2) + "\n")


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
    raw, task = read_json(path, _AGAIN), spec.task
    form = from_versioned(
        ResultForm, renamed(raw, TOP1_KEYS) if task else raw, SCHEMA_VERSION, str(path), _AGAIN
    )
    if not form.cost.is_final:
        return None
    front = _read_front(spec.folder / FRONT)
    for one in (form.chosen, form.fastest):
        check_figures(one, f"{path}: every figure of {'chosen' if one is form.chosen else 'fastest'}")
    result = StudyResult(
        spec,
        form.chosen,
        front,
        form.fastest,
        form.not_identified,
        form.published,
        form.cost,
        form.nearest_feasible_budget_ms,
        form.notes,
        form.p_cliff,
        form.trained,
        form.certainty,
        form.shelf,
        form.alike,
        form.missed,
        form.limits,
    )
    return result.ranked()


def check_figures(one: Candidate | None, what: str) -> None:
    """Refuse a candidate with a figure that is missing or infinite."""
    if one is not None and not all(map(math.isfinite, one.figures)):
        raise FileFormatError(f"{what} must be a number, got null; {_AGAIN}")


def _read_front(path: Path) -> tuple[Candidate, ...]:
    content = read_bytes(path, _AGAIN)
    try:
        frame = pl.read_parquet(io.BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError, ValueError) as error:
        why = first_line(error).removeprefix("parquet: File out of specification: ")
        raise FileFormatError(f"{path} must be a parquet file, and is not ({why}); {_AGAIN}") from error
    front = from_rows(Candidate, frame.rename(TOP1_KEYS, strict=False), str(path), _AGAIN)
    for number, one in enumerate(front, 1):
        check_figures(one, f"{path}, row {number}: every figure")
    return front


def load_study(folder: Path) -> StudyResult:
    """Read a finished study of one device from its folder, inputs included.

    Raises
    ------
    FileAccessError
        Its study.toml cannot be read.
    FileFormatError
        It is damaged, of another schema, of several devices, or not finished.
    """
    recorded, whole = recorded_in(folder), folder.resolve()  # "." has no name
    if recorded.is_joint:
        spec = read_joint_spec(recorded.inputs, whole.name, folder.parent, str(folder / INPUTS))
        own = ", ".join(str(spec.alone(device).folder) for device in spec.budgets_ms)
        raise FileFormatError(
            f"{folder} must hold a study of one device, and holds one for {len(spec.budgets_ms)}; name one that was searched for one of "
            f"them alone: {own}"
        )
    result = read_result(read_spec(recorded.inputs, whole.name, whole.parent, str(folder / INPUTS)))
    if result is None:
        raise unfinished(folder)
    return result


def recorded_in(folder: Path) -> Recorded:
    """Read what the study in a folder was asked.

    Raises
    ------
    FileFormatError
        There is no study, or its study.toml is damaged.
    """
    recorded = read_inputs(folder)
    if recorded is None:
        raise FileFormatError(f"{folder} must hold a study, and has no {INPUTS}; name a study's folder")
    return recorded


def unfinished(folder: Path) -> FileFormatError:
    """Make the error for a study that was not finished."""
    return FileFormatError(
        f"{folder} must hold a finished study, and its search was not finished; run the same dsim study command again"
    )


def read_spec(inputs: dict[str, Any], name: str, out: Path, where: str) -> StudySpec:
    """Read what a study was asked; ``where`` it stands is for errors."""
    asked = from_plain(StudyInputs, inputs, f"{where}, inputs", _AGAIN)
    try:
        return StudySpec(**vars(asked), name=name, out=out)
    except InvalidValueError as error:
        raise FileFormatError(f"{where}: {error}") from error


def read_joint_spec(inputs: dict[str, Any], name: str, out: Path, where: str) -> JointSpec:
    """Read what a study for several devices was asked; ``where`` it stands is for errors."""
    rest = {key: value for key, value in inputs.items() if key != BUDGETS}
    budgets = from_plain(dict[str, float], inputs[BUDGETS], f"{where}, inputs.{BUDGETS}", _AGAIN)
    shares = read_spec({"device": " and ".join(budgets), "budget_ms": 1.0, **rest}, name, out, where)
    try:
        return JointSpec(budgets, shares)
    except InvalidValueError as error:
        raise FileFormatError(f"{where}: {error}") from error
