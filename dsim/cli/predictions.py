"""Predictions on one device or many: strictness, rows, and the documented JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dsim.device.batches import plain_batches
from dsim.errors import DsimError, UnsupportedOpError
from dsim.graph import Graph
from dsim.latency import Evidence, LatencyEstimate
from dsim.latency.predict import Priced, price
from dsim.report.latency import DeviceRow


def strict_check(device: str, answer: LatencyEstimate) -> None:
    """Refuse an estimate in which an operator has no price.

    Raises
    ------
    UnsupportedOpError
        One has none.
    """
    missing = sorted({cost.kind for cost in answer.kernels if cost.evidence is Evidence.UNSUPPORTED})
    if missing:
        raise UnsupportedOpError(
            f"with --strict every operator must have a price on {device}, got none for {', '.join(missing)}; "
            "leave out --strict for a lower bound, or choose another device"
        )


def on_devices(graph: Graph, names: Sequence[str], confidence: float, strict: bool) -> tuple[DeviceRow, ...]:
    """Estimate one network on several devices; one that fails keeps its reason and the others go on."""
    rows = []
    for number, name in enumerate(names, 1):
        click.echo(f"\r{number}/{len(names)} {name:40s}", nl=False, err=True)
        try:
            priced = price(name, graph, confidence)
            if strict:
                strict_check(name, priced.estimate)
            rows.append(DeviceRow(name, priced))
        except DsimError as error:
            rows.append(DeviceRow(name, None, str(error)))
    click.echo("\r" + " " * 60 + "\r", nl=False, err=True)
    return tuple(rows)


def to_dict(priced: Priced) -> dict[str, Any]:
    """Give the documented keys (docs/predict.md)."""
    asked, answer = priced.asked, priced.estimate
    profile, graph = asked.profile, asked.graph
    return {
        "device": profile.name,
        "latency_ms": answer.latency_ms,
        "low_ms": answer.low_ms,
        "high_ms": answer.high_ms,
        "confidence": answer.confidence,
        "complete": answer.complete,
        "evidence": answer.shares,
        "p_cliff": answer.p_cliff,
        "params": graph.params,
        "macs": graph.macs,
        "uncounted": list(graph.uncounted),
        "ops": [
            {
                "scope": cost.scope,
                "kind": cost.kind,
                "latency_ms": cost.latency_ms,
                "macs": cost.macs if cost.counted else None,
                "params": cost.params if cost.counted else None,
                "evidence": str(cost.evidence),
            }
            for cost in answer.kernels
        ],
        "fixed_ms": answer.fixed_ms,
        "measures": profile.measures,
        "batch": plain_batches(profile),
        "input_batch": asked.input_batch,
        "notes": list(answer.notes),
    }
