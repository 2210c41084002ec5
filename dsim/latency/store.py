"""Fitted models as bytes: arrays, and JSON for everything else. No pickle."""

from __future__ import annotations

from dataclasses import fields, make_dataclass
from functools import cache
from typing import Any

from dsim.latency.features import FloatArray
from dsim.latency.learner import Learner
from dsim.latency.model import DeviceModel
from dsim.latency.records import Identified
from dsim.latency.strata import Strata
from dsim.records import from_npz, to_npz

_TYPES: dict[str, Any] = {
    "passes": tuple[str, ...],
    "low_px": int,
    "high_px": int,
    "strata": Strata,
    "cliff_weights": FloatArray,
    "choices": tuple[Identified, ...],
    "batch": int,
    "per_image": bool,
}


@cache
def _form(learner: Learner[Any, Any]) -> Any:
    """Return the record of a model that was learned so."""
    types = _TYPES | {"pricing": learner.pricing, "seen": learner.seen}
    return make_dataclass(
        "SavedModel", [(one.name, types.get(one.name, str)) for one in fields(DeviceModel)], frozen=True
    )


def model_to_bytes(learner: Learner[Any, Any], model: DeviceModel) -> bytes:
    """Write a model that was learned so."""
    form = _form(learner)
    return to_npz(form(*(getattr(model, one.name) for one in fields(DeviceModel))))


def model_from_bytes(learner: Learner[Any, Any], content: bytes) -> DeviceModel:
    """Read back what `model_to_bytes` wrote of a model that was learned so.

    Raises
    ------
    FileFormatError
        The content is damaged, or of a model that was learned another way.
    """
    form = _form(learner)
    found = from_npz(form, content)
    return DeviceModel(*(getattr(found, one.name) for one in fields(DeviceModel)))
