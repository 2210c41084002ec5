"""Read a profile's folder: profile.toml, networks.csv, contrasts.csv, ops.parquet."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from dsim.device.batches import THROUGHPUT, batches_in, stated_batches
from dsim.device.fields import images, number, one_of, positive, read_rows, read_toml, signed, text, whole
from dsim.device.profile import ROLES, Contrast, DeviceProfile, MeasuredOp, Measurement
from dsim.errors import FileFormatError, InvalidValueError
from dsim.graph.key import split_key
from dsim.graph.passes import PASSES

SCHEMA_VERSION = 1
NETWORK_COLUMNS = tuple(f.name for f in fields(Measurement))
CONTRAST_COLUMNS = tuple(f.name for f in fields(Contrast))
_UNTIMED = {"low_ms": "", "high_ms": ""}  # what published contrasts leave out
_TEXTS = ("name", "title", "soc", "chip", "compute_unit", "runtime", "precision", "layout", "threads", "measures",
          "group", "method", "pool", "licence")  # fmt: skip
_KEYS = {*_TEXTS, "batch", "schema_version", "passes", "reference", "resolution", "models", "protocols"}
_OPTIONAL = {"donor", "defaults"}
MEASURES = ("latency", THROUGHPUT)
METHODS = ("roofline", "fine", "operators", "adapted", "few-shot")
GROUPS = (
    "iphone",
    "snapdragon-npu",
    "desktop",
    "phone-cpu",
    "phone-gpu",
    "apple-ne",
    "one-table",
    "measured",
    "user",
)
# columns that a file may leave out; [defaults] of profile.toml says more
_NEEDED = ("network", "graph", "latency_ms")


def load_profile(folder: Path) -> DeviceProfile:
    """Read a profile.

    Parameters
    ----------
    folder
        Holds ``profile.toml`` and ``networks.csv``; ``contrasts.csv`` is optional.

    Raises
    ------
    FileAccessError
        A file cannot be read.
    FileFormatError
        A file breaks a rule; the message names file, row, column and rule.
    """
    path = folder / "profile.toml"
    raw = read_toml(path)
    _check_keys(raw, path)
    models, protocols = _names(raw, "models", path), _names(raw, "protocols", path)
    low, high = (_whole(raw["resolution"], key, path) for key in ("low_px", "high_px"))
    if low > high:
        raise FileFormatError(
            f"{path}, resolution: low_px must not exceed high_px, got {low} and {high}; swap them"
        )
    reference = raw["reference"]
    for key, known in (("protocol", protocols), ("model", models)):
        if not isinstance(reference.get(key), str) or reference[key] not in known:
            raise FileFormatError(
                f"{path}, reference.{key}: must be one of {', '.join(sorted(known))}, got {reference.get(key)!r}; "
                f"declare it under [{key}s] or correct it"
            )
    if raw["name"] != folder.name:
        raise FileFormatError(
            f"{path}, name: must equal the folder's name {folder.name!r}, got {raw['name']!r}; rename one of them"
        )
    contrasts, measured = folder / "contrasts.csv", folder / "ops.parquet"
    ops = _read_ops(measured) if measured.exists() else ()
    networks: tuple[Measurement, ...] = ()
    if (folder / "networks.csv").exists() or not ops:
        networks = tuple(
            _measurement(row, where, models, protocols)
            for where, row in read_rows(folder / "networks.csv", NETWORK_COLUMNS, _defaults(raw, path))
        )
    if not networks and not ops:
        raise FileFormatError(
            f"{folder / 'networks.csv'}: must hold at least one measured network, got none; add rows"
        )
    stated, named = stated_batches(raw["batch"], path)
    told = [(row.network, row.batch) for row in networks] + [(op.op.label, op.batch) for op in ops]
    batches = batches_in(named, raw["measures"], told, path)
    return DeviceProfile(
        **{key: str(raw[key]) for key in _TEXTS},
        batch_stated=stated,
        batches=batches,
        batch=1 if raw["measures"] == THROUGHPUT else batches[0],
        donor=raw.get("donor", ""),
        ops=ops,
        passes=tuple(raw["passes"]),
        reference_protocol=reference["protocol"],
        reference_model=reference["model"],
        reference_stated=str(reference.get("stated", "")),
        low_px=low,
        high_px=high,
        models=models,
        protocols=protocols,
        networks=networks,
        contrasts=tuple(
            _contrast(row, where, models, protocols)
            for where, row in read_rows(contrasts, CONTRAST_COLUMNS, _UNTIMED)
        )
        if contrasts.exists()
        else (),
        folder=folder,
    )


def _check_keys(raw: dict[str, Any], path: Path) -> None:
    missing = sorted(_KEYS - set(raw))
    if missing:
        raise FileFormatError(
            f"{path}: key {missing[0]!r} is missing; a profile has {', '.join(sorted(_KEYS))}"
        )
    extra = sorted(set(raw) - _KEYS - _OPTIONAL)
    if extra:
        raise FileFormatError(
            f"{path}: key {extra[0]!r} is unknown; a profile has {', '.join(sorted(_KEYS))}"
        )
    if raw["schema_version"] != SCHEMA_VERSION:
        raise FileFormatError(
            f"{path}, schema_version: must be {SCHEMA_VERSION}, got {raw['schema_version']!r}; convert the profile"
        )
    for key in _TEXTS:
        if not isinstance(raw[key], str) or not raw[key].strip():
            raise FileFormatError(
                f"{path}, {key}: must be a text that is not empty, got {raw[key]!r}; fill it in"
            )
    for key, known in (("measures", MEASURES), ("method", METHODS), ("group", GROUPS)):
        if raw[key] not in known:
            raise FileFormatError(
                f"{path}, {key}: must be one of {', '.join(known)}, got {raw[key]!r}; correct it"
            )
    donor = raw.get("donor", "")
    if not isinstance(donor, str) or donor == raw["name"]:
        raise FileFormatError(
            f"{path}, donor: must be the name of another profile, got {donor!r}; correct it"
        )
    if raw["method"] in ("adapted", "few-shot") and not donor:
        raise FileFormatError(
            f"{path}, donor: must be named with method = {raw['method']!r}, got {donor!r}; name the profile that it starts from"
        )
    if donor and raw["method"] in ("roofline", "operators"):
        raise FileFormatError(
            f"{path}, donor: goes with the methods adapted, few-shot and fine, got {donor!r} with {raw['method']!r}; "
            "leave it out or change the method"
        )
    for key in ("reference", "resolution"):
        if not isinstance(raw[key], dict):
            raise FileFormatError(f"{path}, {key}: must be a table, got {raw[key]!r}; write [{key}]")
    if not isinstance(raw["passes"], list) or any(
        not isinstance(name, str) or name not in PASSES for name in raw["passes"]
    ):
        raise FileFormatError(
            f"{path}, passes: must be a list of {', '.join(sorted(PASSES))}, got {raw['passes']!r}; correct the names"
        )


def _defaults(raw: dict[str, Any], path: Path) -> dict[str, str]:
    """Return what stands in for each column that networks.csv may leave out."""
    given = raw.get("defaults", {})
    if not isinstance(given, dict) or any(not isinstance(v, str) for v in given.values()):
        raise FileFormatError(f"{path}, defaults: must be a table of texts, got {given!r}; correct it")
    unknown = sorted(set(given) - set(NETWORK_COLUMNS))
    if unknown:
        raise FileFormatError(
            f"{path}, defaults: {unknown[0]!r} is no column of networks.csv; columns: {', '.join(NETWORK_COLUMNS)}"
        )
    reference = raw["reference"]
    free = dict.fromkeys((c for c in NETWORK_COLUMNS if c not in _NEEDED), "")
    return free | {"model": reference["model"], "protocol": reference["protocol"]} | given


def _names(raw: dict[str, Any], key: str, path: Path) -> dict[str, str]:
    table = raw[key]
    if not isinstance(table, dict) or not table or any(not isinstance(v, str) for v in table.values()):
        raise FileFormatError(
            f"{path}, {key}: must be a table of texts with at least one entry, got {table!r}; fill it in"
        )
    return dict(table)


def _whole(table: dict[str, Any], key: str, path: Path) -> int:
    value = table.get(key)
    if type(value) is not int or value < 1:
        raise FileFormatError(
            f"{path}, resolution.{key}: must be a positive whole number, got {value!r}; give pixels"
        )
    return value


def _measurement(
    row: dict[str, str], where: str, models: dict[str, str], protocols: dict[str, str]
) -> Measurement:
    resolution = number(row, "resolution", where)
    graph = row["graph"].strip()
    name, size = split_key(graph)
    if graph and not (name and size.isdigit()):
        raise FileFormatError(
            f"{where}, column 'graph': must be name@resolution or empty, got {graph!r}; correct it"
        )
    return Measurement(
        network=text(row, "network", where),
        graph=graph,
        resolution=None if resolution is None else int(resolution),
        latency_ms=positive(row, "latency_ms", where),
        error_ms=number(row, "error_ms", where),
        model=one_of(row, "model", where, models),
        protocol=one_of(row, "protocol", where, protocols),
        lab=text(row, "lab", where),
        source=text(row, "source", where),
        table=row["table"].strip(),
        top1=number(row, "top1", where),
        params_m=number(row, "params_m", where),
        macs_g=number(row, "macs_g", where),
        repeats=row["repeats"].strip(),
        cliff=row["cliff"].strip(),
        licence=text(row, "licence", where),
        layers_npu=whole(row, "layers_npu", where),
        layers_other=whole(row, "layers_other", where),
        role=_role(row, where),
        budget_ms=number(row, "budget_ms", where),
        batch=images(row, "batch", where),
    )


def _role(row: dict[str, str], where: str) -> str:
    role = row["role"].strip()
    if role not in ROLES:
        raise FileFormatError(
            f"{where}, column 'role': must be empty, {', '.join(ROLES[1:-1])} or {ROLES[-1]}, got {role!r}; correct it"
        )
    return role


def _contrast(row: dict[str, str], where: str, models: dict[str, str], protocols: dict[str, str]) -> Contrast:
    choice = text(row, "choice", where)
    kind, _, pair = choice.partition(":")
    if not kind or not pair:
        raise FileFormatError(f"{where}, column 'choice': must read kind:what, got {choice!r}; correct it")
    given: dict[str, Any] = {
        "choice": choice,
        "what": row["what"].strip(),
        "graph_a": row["graph_a"].strip(),
        "graph_b": row["graph_b"].strip(),
        "a_ms": positive(row, "a_ms", where),
        "b_ms": positive(row, "b_ms", where),
        "error_ms": number(row, "error_ms", where) or 0.0,
        "model": one_of(row, "model", where, models),
        "protocol": one_of(row, "protocol", where, protocols),
        "lab": text(row, "lab", where),
        "source": text(row, "source", where),
        "table": row["table"].strip(),
        "low_ms": signed(row, "low_ms", where),
        "high_ms": signed(row, "high_ms", where),
    }
    try:
        return Contrast(**given)
    except InvalidValueError as error:
        raise FileFormatError(f"{where}: {error}") from error


def _read_ops(path: Path) -> tuple[MeasuredOp, ...]:
    from dsim.device.ops import read_ops  # polars is slow to import, and most profiles hold no operators

    return read_ops(path)
