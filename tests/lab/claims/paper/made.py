"""Profiles put together by hand, so that every verdict can be worked out beside them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from dsim.device.profile import Contrast, DeviceProfile, MeasuredOp, Measurement
from lab.claims.paper import Kind, Piece


def row(
    graph: str, ms: float, lab: str = "lab", repeats: str = "", cliff: str = "", error: float | None = 0.0
) -> Measurement:
    return Measurement(
        graph.partition("@")[0], graph, 224, ms, error, "phone", "tool", lab, f"paper of {lab}", "Table 1",
        None, None, None, repeats, cliff, "quoted",
    )  # fmt: skip


def contrast(
    choice: str, a: str, b: str, a_ms: float, b_ms: float, low: float | None = None, high: float | None = None
) -> Contrast:
    return Contrast(
        choice,
        "made block",
        a,
        b,
        a_ms,
        b_ms,
        0.0,
        "phone",
        "tool",
        "lab",
        "paper of lab",
        "Table 2",
        low,
        high,
    )


def profile(
    name: str = "made", networks: Iterable[Measurement] = (), contrasts: Iterable[Contrast] = (),
    ops: Iterable[MeasuredOp] = (), method: str = "fine", donor: str = "", chip: str = "A", runtime: str = "R",
    measures: str = "latency", folder: Path = Path("nowhere"),
) -> DeviceProfile:  # fmt: skip
    return DeviceProfile(
        name=name, title=name, soc=chip, compute_unit="CPU", runtime=runtime, precision="float32", pool=name, passes=(),
        reference_protocol="tool", reference_model="phone", reference_stated="a tool", low_px=224, high_px=224,
        models={"phone": chip}, protocols={"tool": "a tool"}, licence="none", networks=tuple(networks),
        contrasts=tuple(contrasts), folder=folder, chip=chip, layout="NCHW", batch_stated="1", threads="1", measures=measures,
        group="made", method=method, donor=donor, ops=tuple(ops),
    )  # fmt: skip


def piece(value: float, low: float, high: float, why_not: str = "") -> Piece:
    return Piece(Kind.CONTRAST, "made", "a", "b", 1.0, 1.0 + value / 100, value, low, high, 2, "lab", why_not)
