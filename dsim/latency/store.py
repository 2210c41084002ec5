"""Fitted models as bytes: arrays, and JSON for what is no array. No pickle."""

from __future__ import annotations

from dataclasses import asdict

from dsim.cache import arrays_from_bytes, arrays_to_bytes
from dsim.latency.calibrate import Calibration
from dsim.latency.methods.fine.rates import FineRates
from dsim.latency.methods.operators.model import OperatorModel
from dsim.latency.methods.operators.saved import OPERATORS, operator_model_from, operator_model_to_bytes
from dsim.latency.methods.pooled.ensemble import Rates
from dsim.latency.model import LatencyModel
from dsim.latency.records import Identified
from dsim.latency.seen import Coverage

_PRICINGS: dict[str, type[Rates] | type[FineRates]] = {"rates": Rates, "fine": FineRates}


def model_to_bytes(model: LatencyModel | OperatorModel) -> bytes:
    """Write a fitted model of any method."""
    if isinstance(model, OperatorModel):
        return operator_model_to_bytes(model)
    head = {
        "pricing": next(name for name, kind in _PRICINGS.items() if isinstance(model.rates, kind)),
        "device": model.device,
        "passes": model.passes,
        "low_px": model.low_px,
        "high_px": model.high_px,
        "kinds": model.coverage.kinds,
        "choices": [asdict(item) for item in model.choices],
    }
    arrays = {
        **{f"pricing_{name}": array for name, array in model.rates.arrays().items()},
        "cumulative": model.calibration.cumulative,
        "cliff_weights": model.cliff_weights,
        "seen": model.coverage.seen,
        "low": model.coverage.low,
        "high": model.coverage.high,
        "families": model.coverage.families,
    }
    return arrays_to_bytes(head, arrays)


def model_from_bytes(content: bytes) -> LatencyModel | OperatorModel:
    """Read back what `model_to_bytes` wrote; of damaged content ends in an error of whatever kind."""
    head, data = arrays_from_bytes(content)
    if head.get("method") == OPERATORS:
        return operator_model_from(head, data)
    return LatencyModel(
        head["device"],
        tuple(head["passes"]),
        head["low_px"],
        head["high_px"],
        _PRICINGS[head["pricing"]].from_arrays(
            {k.removeprefix("pricing_"): data[k] for k in data if k.startswith("pricing_")}
        ),
        Calibration(data["cumulative"]),
        data["cliff_weights"],
        Coverage(data["seen"], tuple(head["kinds"]), data["low"], data["high"], data["families"]),
        tuple(Identified(**item) for item in head["choices"]),
    )
