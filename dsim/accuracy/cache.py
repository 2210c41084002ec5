"""The fitted model, kept as plain arrays under the hash of everything it was made from."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import lru_cache

from dsim.accuracy.effects import fit_effects, load_contrasts
from dsim.accuracy.model import AccuracyModel, fit
from dsim.accuracy.tables import FOLDER
from dsim.cache import fit_format, kept
from dsim.errors import FileAccessError
from dsim.progress import working
from dsim.records import from_npz, to_npz

SECONDS = 2.0  # that a fit takes, about
HYPERPARAMETERS_FILE = "hyperparameters.json"
FORMAT = (
    2  # raised where a model has other fields; the format of all fits would have latency learned anew as well
)


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
    model: AccuracyModel = kept("accuracy", "published", fingerprint, _learn, to_npz, _read)
    return replace(model, fingerprint=fingerprint)


def _learn() -> AccuracyModel:
    from dsim.accuracy.evidence import load_evidence  # polars, only where there is something to fit

    with working("learning accuracy from published results", seconds=SECONDS, once=True):
        return fit(load_evidence(), fit_effects(load_contrasts()), *load_hyperparameters())


def _content_hash() -> str:
    digest = hashlib.sha256()
    digest.update(f"{fit_format()}\0{FORMAT}\0".encode())
    for path in sorted(p for kind in ("*.csv", "*.parquet", "*.json") for p in FOLDER.glob(kind)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:24]


def _read(content: bytes) -> AccuracyModel:
    return from_npz(AccuracyModel, content)
