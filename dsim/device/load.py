"""Read a profile's folder: profile.toml, networks.csv, contrasts.csv, ops.parquet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from dsim.device.about import NETWORK_COLUMNS, TEXTS, About
from dsim.device.batches import THROUGHPUT, batches_in, stated_batches
from dsim.device.fields import images, number, one_of, positive, read_rows, read_text, signed, text, whole
from dsim.device.profile import BESIDE, ROLES, Contrast, DeviceProfile, MeasuredOp, Measurement
from dsim.errors import FileFormatError, InvalidValueError
from dsim.graph.key import split_key
from dsim.records import from_toml, shown

CONTRAST_COLUMNS = tuple(f.name for f in fields(Contrast))
_UNTIMED = {"low_ms": "", "high_ms": ""}  # what published contrasts leave out


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
    about = from_toml(About, read_text(path), str(path))
    if about.name != folder.name:
        raise FileFormatError(
            f"{path}, name: must equal the folder's name {folder.name!r}, got {shown(about.name)}; rename one of them"
        )
    models, protocols = about.models, about.protocols
    contrasts, measured = folder / "contrasts.csv", folder / "ops.parquet"
    ops = _read_ops(measured) if measured.exists() else ()
    networks: tuple[Measurement, ...] = ()
    if (folder / "networks.csv").exists() or not ops:
        networks = tuple(
            _measurement(row, where, models, protocols)
            for where, row in read_rows(folder / "networks.csv", NETWORK_COLUMNS, about.stand_ins())
        )
    if not networks and not ops:
        raise FileFormatError(
            f"{folder / 'networks.csv'}: must hold at least one measured network, got none; add rows"
        )
    stated, named = stated_batches(about.batch, path)
    told = [(row.network, row.batch) for row in networks] + [(op.op.label, op.batch) for op in ops]
    batches = batches_in(named, about.measures, told, path)
    return DeviceProfile(
        **{key: getattr(about, key) for key in TEXTS},
        batch_stated=stated,
        batches=batches,
        batch=1 if about.measures == THROUGHPUT else batches[0],
        donor=about.donor,
        rough=about.rough,
        fixed_ms=about.fixed_ms,
        ops=ops,
        passes=about.passes,
        reference_protocol=about.reference.protocol,
        reference_model=about.reference.model,
        reference_stated=about.reference.stated,
        low_px=about.resolution.low_px,
        high_px=about.resolution.high_px,
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


def _measurement(
    row: dict[str, str], where: str, models: Mapping[str, str], protocols: Mapping[str, str]
) -> Measurement:
    resolution = number(row, "resolution", where)
    graph = row["graph"].strip()
    name, size = split_key(graph)
    if graph and not (name and size.isdigit()):
        raise FileFormatError(
            f"{where}, column 'graph': must be name@resolution or empty, got {shown(graph)}; correct it"
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
        rounded_to_ms=number(row, "rounded_to_ms", where),
        drift=_known(row, "drift", where),
        **{name: _known(row, name, where) for name in BESIDE},
    )


def _known(row: dict[str, str], column: str, where: str) -> float | None:
    """Read a positive number; None where the field is empty."""
    return positive(row, column, where) if row[column].strip() else None


def _role(row: dict[str, str], where: str) -> str:
    role = row["role"].strip()
    if role not in ROLES:
        raise FileFormatError(
            f"{where}, column 'role': must be empty, {', '.join(ROLES[1:-1])} or {ROLES[-1]}, got {shown(role)}; correct it"
        )
    return role


def _contrast(
    row: dict[str, str], where: str, models: Mapping[str, str], protocols: Mapping[str, str]
) -> Contrast:
    choice = text(row, "choice", where)
    kind, _, pair = choice.partition(":")
    if not kind or not pair:
        raise FileFormatError(
            f"{where}, column 'choice': must read kind:what, got {shown(choice)}; correct it"
        )
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
