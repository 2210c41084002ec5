"""A fitted model as one npz file: arrays, and JSON for what is no array. No pickle."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from dsim.latency.cache import DAMAGED, keep_arrays, read_arrays
from dsim.latency.calibrate import Calibration
from dsim.latency.coverage import Coverage
from dsim.latency.ensemble import Rates
from dsim.latency.fine.rates import FineRates
from dsim.latency.model import LatencyModel
from dsim.latency.records import Identified

VERSION = 2
_PRICINGS: dict[str, type[Rates] | type[FineRates]] = {"rates": Rates, "fine": FineRates}


def save_model_file(path: Path, model: LatencyModel) -> None:
    """Write a fitted model; a cache that cannot be written is no error, the next run fits again."""
    head = {
        "version": VERSION,
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
    keep_arrays(path, head, arrays)


def load_model_file(path: Path) -> LatencyModel | None:
    """Read a fitted model; None where there is none or the file is damaged."""
    try:
        head, data = read_arrays(path)
        if head.get("version") != VERSION:
            return None
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
    except DAMAGED:
        return None
