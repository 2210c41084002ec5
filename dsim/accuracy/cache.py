"""The fitted model, kept as plain arrays under the hash of everything it was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache

import numpy as np

from dsim.accuracy.covariance import Points
from dsim.accuracy.effects import Effects, fit_effects, load_contrasts
from dsim.accuracy.model import AccuracyModel, fit
from dsim.accuracy.points import Scaling
from dsim.accuracy.surrogate import Surrogate
from dsim.accuracy.tables import FOLDER
from dsim.cache import arrays_from_bytes, arrays_to_bytes, fit_format, kept
from dsim.errors import FileAccessError
from dsim.progress import working

SECONDS = 2.0  # that a fit takes, about
HYPERPARAMETERS_FILE = "hyperparameters.json"


def load_hyperparameters() -> tuple[str, dict[str, float]]:
    """Read layout, variances and lengths; `python -m lab.validate.accuracy.tune` makes the file."""
    path = FOLDER / HYPERPARAMETERS_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileAccessError(f"{path} must be readable: {error}; reinstall dsim") from error
    return str(raw["layout"]), {str(name): float(value) for name, value in raw["logs"].items()}


@lru_cache(maxsize=1)
def load_accuracy_model() -> AccuracyModel:
    """Return the fitted model: from the cache where the same data have been fitted before, else fitted now.

    A fit takes about a second and is deterministic.
    """
    fingerprint = _content_hash()
    model = kept("accuracy", "published", fingerprint, _learn, _write, _read)
    return replace(model, fingerprint=fingerprint)


def _learn() -> AccuracyModel:
    from dsim.accuracy.evidence import load_evidence  # polars, only where there is something to fit

    with working("learning accuracy from published results", seconds=SECONDS, once=True):
        return fit(load_evidence(), fit_effects(load_contrasts()), *load_hyperparameters())


def _content_hash() -> str:
    digest = hashlib.sha256()
    digest.update(f"{fit_format()}\0".encode())
    for path in sorted(p for kind in ("*.csv", "*.parquet", "*.json") for p in FOLDER.glob(kind)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


def _write(model: AccuracyModel) -> bytes:
    s, known = model.surrogate, model.surrogate.known
    arrays: dict[str, np.ndarray] = {
        "layout": np.array(model.scaling.layout),
        "feature_mean": model.scaling.feature_mean,
        "feature_spread": model.scaling.feature_spread,
        "recipe_mean": model.scaling.recipe_mean,
        "recipe_spread": model.scaling.recipe_spread,
        "effect_names": np.array(model.effects.names),
        "effect_mean": model.effects.mean,
        "effect_covariance": model.effects.covariance,
        "misses": model.misses,
        "log_names": np.array(list(s.logs)),
        "log_values": np.array(list(s.logs.values())),
        "offset": np.array(s.offset),
        "weights": s.weights,
        "pivots": s.pivots,
        "root": s.root,
        "unstated": known.unstated,
        **{f"group_{name}": value for name, value in known.groups.items()},
        **{f"label_{name}": value for name, value in known.labels.items()},
    }
    return arrays_to_bytes({}, arrays)


def _read(content: bytes) -> AccuracyModel:
    _, data = arrays_from_bytes(content)
    groups = {name.removeprefix("group_"): data[name] for name in data if name.startswith("group_")}
    labels = {name.removeprefix("label_"): data[name] for name in data if name.startswith("label_")}
    logs = dict(zip(data["log_names"].tolist(), data["log_values"].tolist(), strict=True))
    moments = [data[k] for k in ("feature_mean", "feature_spread", "recipe_mean", "recipe_spread")]
    scaling = Scaling(str(data["layout"]), *moments)
    effects = Effects(tuple(data["effect_names"].tolist()), data["effect_mean"], data["effect_covariance"])
    known = Points(groups, labels, data["unstated"])
    surrogate = Surrogate(logs, float(data["offset"]), known, data["weights"], data["pivots"], data["root"])
    return AccuracyModel(scaling, surrogate, effects, data["misses"])
