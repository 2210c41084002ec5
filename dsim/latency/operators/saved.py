"""A fitted OperatorModel as one npz file: arrays, and JSON for what is no array. No pickle."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from dsim.latency.cache import DAMAGED, keep_arrays, read_arrays
from dsim.latency.calibrate import Calibration
from dsim.latency.operators.known import Known
from dsim.latency.operators.model import OperatorModel
from dsim.latency.operators.pricing import KernelPrices
from dsim.latency.operators.roofline import Roofline
from dsim.latency.operators.seen import Seen
from dsim.latency.operators.trees import Forest
from dsim.latency.operators.whole import Whole
from dsim.latency.records import Identified
from dsim.op import OpKind

VERSION = 4
_FOREST = ("feature", "left", "right", "threshold", "value", "roots")
_KNOWN = ("marks", "ms", "rows")
_SEEN = ("marks", "low", "high", "families")


def save_operator_model(path: Path, model: OperatorModel) -> None:
    """Write a fitted model; a cache that cannot be written is no error, the next run fits again."""
    forest, known = model.prices.forest, model.prices.known
    head = {
        "version": VERSION,
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
    keep_arrays(path, head, arrays)


def load_operator_model(path: Path) -> OperatorModel | None:
    """Read a fitted model; None where there is none or the file is damaged."""
    try:
        head, data = read_arrays(path)
        if head.get("version") != VERSION:
            return None
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
    except DAMAGED:
        return None
