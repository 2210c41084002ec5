"""What a network costs on one device or on many: the estimate, beside what exactly was priced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dsim.device.batches import plain_batches
from dsim.errors import DsimError, UnsupportedOpError
from dsim.graph.graph import Graph
from dsim.latency import Evidence, LatencyEstimate, load_model
from dsim.latency.batch import Asked, ask

Progress = Callable[[int, int, str], None]  # which device, of how many, its name


@dataclass(frozen=True)
class Priced:
    """A network's price on a device, and what exactly was priced."""

    asked: Asked
    estimate: LatencyEstimate

    def to_dict(self) -> dict[str, Any]:
        """Return the documented keys (docs/predict.md)."""
        profile, graph, answer = self.asked.profile, self.asked.graph, self.estimate
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
            "input_batch": self.asked.input_batch,
            "notes": list(answer.notes),
        }


@dataclass(frozen=True)
class DeviceRow:
    """One device's answer, or why there is none."""

    device: str
    priced: Priced | None
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the documented keys (docs/predict.md)."""
        return {"device": self.device, "error": self.error} if self.priced is None else self.priced.to_dict()


def price(graph: Graph, device: str, confidence: float = 0.9, *, strict: bool = False) -> Priced:
    """Price a network on a device, at the batch that it takes.

    Raises
    ------
    UnknownNameError
        There is no such device.
    BatchError
        The device was not measured at the network's batch.
    UnsupportedOpError
        ``strict``, and some operator has no price there.
    InvalidValueError
        ``confidence`` is out of range.
    """
    asked = ask(device, graph)
    found = load_model(asked.profile.name).estimate(asked.graph, confidence)
    if strict:
        _refuse_without_price(device, found)
    return Priced(asked, replace(found, notes=(*asked.notes, *graph.notes, *found.notes)))


def price_on(
    graph: Graph,
    devices: Sequence[str],
    confidence: float = 0.9,
    *,
    strict: bool = False,
    progress: Progress | None = None,
) -> tuple[DeviceRow, ...]:
    """Estimate one network on several devices; one that fails keeps its reason and the others go on."""
    rows = []
    for number, name in enumerate(devices, 1):
        if progress:
            progress(number, len(devices), name)
        try:
            rows.append(DeviceRow(name, price(graph, name, confidence, strict=strict)))
        except DsimError as error:
            rows.append(DeviceRow(name, None, str(error)))
    return tuple(rows)


def _refuse_without_price(device: str, answer: LatencyEstimate) -> None:
    missing = sorted({cost.kind for cost in answer.kernels if cost.evidence is Evidence.UNSUPPORTED})
    if missing:
        raise UnsupportedOpError(
            f"with --strict every operator must have a price on {device}, got none for {', '.join(missing)}; "
            "leave out --strict for a lower bound, or choose another device"
        )
