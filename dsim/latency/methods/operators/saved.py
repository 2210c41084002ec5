"""A fitted OperatorModel as bytes: arrays, and JSON for what is no array. No pickle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from dsim.cache import arrays_to_bytes
from dsim.latency.calibrate import Calibration
from dsim.latency.methods.operators.known import Known
from dsim.latency.methods.operators.model import OperatorModel
from dsim.latency.methods.operators.pricing import KernelPrices
from dsim.latency.methods.operators.roofline import Roofline
from dsim.latency.methods.operators.seen import Seen
from dsim.latency.methods.operators.trees import Forest
from dsim.latency.methods.operators.whole import Whole
from dsim.latency.records import Identified
from dsim.op import OpKind

OPERATORS = "operators"
_FOREST = ("feature", "left", "right", "threshold", "value", "roots")
_KNOWN = ("marks", "ms", "rows")
_SEEN = ("marks", "low", "high", "families")


def operator_model_to_bytes(model: OperatorModel) -> bytes:
    """Write a fitted model."""
    forest, known = model.prices.forest, model.prices.known
    head = {
        "method": OPERATORS,
        "device": model.device,
        "passes": model.passes,
        "low_px": model.low_px,
        "high_px": model.high_px,
        "links": sorted((str(a), str(b)) for a, b in model.links),
        "fixed_ms": model.whole.fixed_ms,
        "floor_ms": model.prices.roofline.floor_ms,
        "depth": forest.depth if forest else None,
        "groups": model.seen.groups,
        "choices": [asdict(item) for item in model.choices],
    }
    arrays: dict[str, Any] = {
        "rates": model.prices.roofline.rates,
        "least": model.prices.roofline.least,
        "activations": model.prices.roofline.activations,
        "scales": model.whole.scales,
        "starts_ms": model.whole.starts_ms,
        "cumulative": model.calibration.cumulative,
        **{f"seen_{name}": getattr(model.seen, name) for name in _SEEN},
        **({f"forest_{name}": getattr(forest, name) for name in _FOREST} if forest else {}),
        **({f"known_{name}": getattr(known, name) for name in _KNOWN} if known else {}),
    }
    return arrays_to_bytes(head, arrays)


def operator_model_from(head: Mapping[str, Any], data: Mapping[str, Any]) -> OperatorModel:
    """Make a model of the head and the arrays that `operator_model_to_bytes` wrote."""
    forest = (
        Forest(**{name: data[f"forest_{name}"] for name in _FOREST} | {"depth": head["depth"]})
        if head["depth"] is not None
        else None
    )
    return OperatorModel(
        head["device"],
        tuple(head["passes"]),
        head["low_px"],
        head["high_px"],
        frozenset((OpKind(a), OpKind(b)) for a, b in head["links"]),
        KernelPrices(
            Roofline(data["rates"], data["least"], head["floor_ms"], data["activations"]),
            forest,
            Known(*(data[f"known_{name}"] for name in _KNOWN)) if forest else None,
        ),
        Whole(head["fixed_ms"], data["scales"], data["starts_ms"]),
        Calibration(data["cumulative"]),
        Seen(
            data["seen_marks"],
            tuple(head["groups"]),
            data["seen_low"],
            data["seen_high"],
            data["seen_families"],
        ),
        tuple(Identified(**item) for item in head["choices"]),
    )
