"""Put a profile together from what a source says of it, and write it with dsim's own writer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsim.device.add import Addition, write_profile
from dsim.device.profile import MeasuredOp

FOLDED = ("drop_identities", "fold_batch_norm", "fold_layer_scale", "fuse_activation")
_NEEDED = ("network", "graph", "latency_ms")


def about(
    name: str, title: str, chip: str, model: str, protocol: tuple[str, str], px: tuple[int, int], **more: Any
) -> dict[str, Any]:
    """Return the keys of profile.toml.

    Parameters
    ----------
    name, title, chip
        The profile's.
    model
        The only device in it.
    protocol
        Id and description of how it was timed.
    px
        Smallest and largest input side, in pixels.
    more
        The other keys, and those that differ from what most sources say.
    """
    key, stated = protocol
    texts = {
        "name": name,
        "title": title,
        "soc": chip,
        "chip": chip,
        "layout": "chosen by the runtime",
        "batch": "1",
        "threads": "unstated",
        "measures": "latency",
        "passes": list(FOLDED),
        "reference": {"protocol": key, "model": model, "stated": stated},
        "resolution": {"low_px": px[0], "high_px": px[1]},
        "protocols": {key: stated},
    } | more
    return {"models": {model: texts["soc"]}} | texts


def filled(rows: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
    """Return rows of networks.csv as texts, by graph, name and time, without the columns that no row fills."""
    used = [c for c in rows[0] if c in _NEEDED or any(row[c] not in (None, "") for row in rows)]
    ordered = sorted(rows, key=lambda r: (str(r["graph"]), str(r["network"]), float(str(r["latency_ms"]))))
    return [{c: "" if row[c] is None else str(row[c]) for c in used} for row in ordered]


def save(
    out: Path,
    texts: Mapping[str, Any],
    networks: Sequence[Mapping[str, str]] = (),
    ops: Sequence[MeasuredOp] = (),
    contrasts: Sequence[Mapping[str, str]] = (),
    under: str = "",
) -> None:
    """Write a profile below ``out``.

    Parameters
    ----------
    out
        Stands for the repository's root.
    texts
        The keys of profile.toml; `about` makes them.
    networks, ops, contrasts
        Rows of networks.csv, of ops.parquet and of contrasts.csv.
    under
        Folder below device_profiles.
    """
    addition = Addition(
        name=texts["name"],
        title=texts["title"],
        like=None,
        method=texts["method"],
        donor=texts.get("donor", ""),
        networks=tuple(networks),
        ops=tuple(ops),
        graphs={},
        low_px=texts["resolution"]["low_px"],
        high_px=texts["resolution"]["high_px"],
        about=texts,
        contrasts=tuple(contrasts),
    )
    write_profile(out / "device_profiles" / under, addition)
