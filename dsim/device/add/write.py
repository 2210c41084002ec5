"""Write a profile's folder whole or not at all."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import tomli_w

from dsim.device.about import NETWORK_COLUMNS, SCHEMA_VERSION
from dsim.device.add.found import LICENCE
from dsim.device.drift import MEASURED
from dsim.device.fields import write_rows
from dsim.device.load import CONTRAST_COLUMNS, load_profile
from dsim.device.ops import COLUMNS as OP_COLUMNS
from dsim.device.ops import OPTIONAL as OP_OPTIONAL
from dsim.device.placements import Placement, write_placements
from dsim.device.profile import DeviceProfile, MeasuredOp
from dsim.errors import FileAccessError, InvalidValueError
from dsim.files import make_folder
from dsim.graph.graph import Graph
from dsim.graph.store import save_graphs
from dsim.records import to_plain
from dsim.stages import clear_dead, staged
from dsim.summaries import Summarised, Summary

PROTOCOL = "own"
_AFTER = NETWORK_COLUMNS.index("latency_ms") + 1
# as a person reads it: a batch stands beside its milliseconds
_NETWORK_ORDER = (
    *NETWORK_COLUMNS[:_AFTER],
    "batch",
    *(name for name in NETWORK_COLUMNS[_AFTER:] if name != "batch"),
)


@dataclass(frozen=True)
class Addition:
    """What a new profile holds.

    Attributes
    ----------
    name, title
        The new profile's.
    like
        The profile whose stack (compute unit, runtime, precision, passes) the device is taken to have; None where
        ``about`` says all of it.
    method, donor
        How it is learned, and from whom.
    networks
        Rows of networks.csv: columns network, graph, latency_ms, source, and others of its columns where known.
    ops
        Measured kernels.
    graphs
        Networks that do not come with dsim, by key.
    low_px, high_px
        Input sides measured.
    about
        Keys of profile.toml that are known better than from ``like``.
    measured
        What measuring found beside the figures, for measured.toml; empty where dsim did not measure.
    contrasts
        Rows of contrasts.csv.
    placements
        Where operators of whole networks ran, for placements.csv.
    """

    name: str
    title: str
    like: DeviceProfile | None
    method: str
    donor: str
    networks: tuple[Mapping[str, str], ...]
    ops: tuple[MeasuredOp, ...]
    graphs: Mapping[str, Graph]
    low_px: int
    high_px: int
    about: Mapping[str, Any] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)
    contrasts: tuple[Mapping[str, str], ...] = ()
    placements: tuple[Placement, ...] = ()


@dataclass(frozen=True, repr=False)
class Added(Summarised):
    """What was written, and how it will be learned.

    Attributes
    ----------
    name, folder, method, donor
        Of the new profile.
    networks, ops
        How many of each.
    own_graphs
        Networks that dsim did not know before.
    notes
        What the user should know.
    """

    name: str
    folder: Path
    method: str
    donor: str
    networks: int
    ops: int
    own_graphs: int
    notes: tuple[str, ...]

    def summary(self) -> Summary:
        """Return what was read, and how it is learned."""
        rows = [
            ("folder", str(self.folder)),
            (
                "evidence",
                f"{self.networks} networks, {self.own_graphs} of them new to dsim; {self.ops} timed kernels",
            ),
            ("learned by", self.method + (f", like {self.donor}" if self.donor else "")),
        ]
        return Summary(f"New device profile: {self.name}", (*rows, *(("note", note) for note in self.notes)))

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``dsim device add --json`` prints."""
        return {
            "device": self.name,
            "folder": str(self.folder),
            "method": self.method,
            "like": self.donor,
            "networks": self.networks,
            "ops": self.ops,
            "own_graphs": self.own_graphs,
            "notes": list(self.notes),
        }


def check_name(name: str) -> None:
    """Refuse a name that is not a plain folder name.

    Raises
    ------
    InvalidValueError
        It has other characters than small letters, digits and hyphens.
    """
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", name):
        raise InvalidValueError(
            f"a profile's name must be small letters, digits and inner hyphens, at most 64, got {name[:80]!r}; e.g. my-phone"
        )


def check_free(root: Path, name: str, force: bool) -> None:
    """Refuse a name that cannot be used.

    Raises
    ------
    InvalidValueError
        The name is not a plain folder name, or it is taken and ``force`` is not given.
    """
    check_name(name)
    if os.path.exists(root / name) and not force:  # Path.exists raises where it may not look
        raise InvalidValueError(
            f"profile {name!r} exists in {root}; choose another name, or give --force to replace it"
        )


def write_profile(root: Path, addition: Addition, force: bool = False) -> Path:
    """Write a profile beside the target first, check that it loads, and rename it into place.

    Parameters
    ----------
    root
        Folder of the user's profiles.
    addition
        What to write.
    force
        Whether an existing profile of that name may be replaced.

    Returns
    -------
    Path
        Its folder.

    Raises
    ------
    InvalidValueError
        The name is not a plain folder name, or it is taken and ``force`` is not given.
    FileAccessError
        The folder cannot be written.
    """
    clear_dead(root)
    check_free(root, addition.name, force)
    target = root / addition.name
    make_folder(root)
    try:
        with staged(root) as stage:
            folder = stage.new / addition.name
            folder.mkdir()
            (folder / "profile.toml").write_text(_toml(addition), encoding="utf-8")
            if addition.networks:
                write_rows(folder / "networks.csv", _NETWORK_ORDER, addition.networks)
            if addition.ops:
                write_ops(folder / "ops.parquet", addition.ops)
            if addition.contrasts:
                write_contrasts(folder / "contrasts.csv", addition.contrasts)
            if addition.placements:
                write_placements(folder, addition.placements)
            if addition.measured:
                (folder / MEASURED).write_text(tomli_w.dumps(addition.measured), encoding="utf-8")
            if addition.graphs:
                save_graphs(folder / "graphs.parquet", addition.graphs)
            load_profile(folder)  # what cannot be read back must not replace what can
            stage.move_in((addition.name,))
    except OSError as error:
        raise FileAccessError(
            f"{target} cannot be written: {error.strerror}; choose a writable place with DSIM_PROFILES"
        ) from error
    return target


def _toml(addition: Addition) -> str:
    content = {
        "schema_version": SCHEMA_VERSION,
        "name": addition.name,
        "title": addition.title,
        "method": addition.method,
        **({"donor": addition.donor} if addition.donor else {}),
        "resolution": {"low_px": addition.low_px, "high_px": addition.high_px},
        **(_like(addition, addition.like) if addition.like else {}),
        **addition.about,
    }
    return tomli_w.dumps(content)


def _like(addition: Addition, like: DeviceProfile) -> dict[str, Any]:
    """Return what a user's figures leave unsaid: the stack is taken to be that of another profile."""
    stated = f"measured by the user; stack taken to be that of {like.name}"
    return {
        "soc": "unstated",
        "chip": addition.name,
        "compute_unit": like.compute_unit,
        "runtime": like.runtime,
        "precision": like.precision,
        "layout": like.layout,
        "batch": like.batch_stated,
        "threads": like.threads,
        "measures": like.measures,
        "group": "user",
        "pool": addition.name,
        "licence": LICENCE,
        "passes": list(like.passes),
        "reference": {"protocol": PROTOCOL, "model": addition.title, "stated": stated},
        "models": {addition.title: addition.name},
        "protocols": {PROTOCOL: stated},
        "defaults": {"lab": "user", "licence": LICENCE},
    }


def write_contrasts(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write contrasts.csv; the interval's columns are left out where no row has them."""
    write_rows(path, CONTRAST_COLUMNS, rows)


def write_ops(path: Path, ops: tuple[MeasuredOp, ...]) -> None:
    """Write measured operators as a profile's ops.parquet; the batch is left out where no row says it."""
    rows = [
        {
            "op": str(one.op.kind),
            "attrs": _compact(to_plain(one.op.attrs)),
            "inputs": _compact([list(spec.shape) for spec in one.op.inputs]),
            "activation": str(one.op.activation or ""),
            "latency_ms": one.latency_ms,
            "count": one.count,
            "network": one.network,
            "position": one.position,
            "how": one.how,
            "source": one.source,
            "licence": one.licence,
            "batch": one.batch,
        }
        for one in ops
    ]
    kinds = OP_COLUMNS | (OP_OPTIONAL if any(one.batch is not None for one in ops) else {})
    frame = pl.DataFrame([{name: row[name] for name in kinds} for row in rows], schema=kinds)
    frame.write_parquet(path, compression="zstd", compression_level=19)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
