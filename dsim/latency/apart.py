"""Held-out predictions that intervals of nearer questions rest on; they come with dsim, for finding them takes minutes.

Beside each family held out, two more are asked: each network held out alone, its family known (a variant of a timed network); and
each network's family held out together with all that its laboratory measured, where figures are of several laboratories (a
design of known blocks, which no laboratory ever timed). They lie in ``dsim/data/apart.npz`` (made by ``lab/validate/held_apart.py``)
and count for exactly the evidence that they were made of; elsewhere intervals rest on families held out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dsim.cache import arrays_from_bytes, arrays_to_bytes, look_up
from dsim.latency.content import content_hash
from dsim.latency.evidence import Evidence
from dsim.latency.features import FloatArray
from dsim.latency.question import Question

FILE = Path(__file__).resolve().parents[1] / "data" / "apart.npz"
Logs = tuple[FloatArray, FloatArray]  # predicted log milliseconds (M,) and their spread (M,)


def names_of(evidence: Evidence, rests_on: tuple[Path, ...]) -> dict[Question, str]:
    """Return what predictions of an evidence's figures are kept under: the question, and a hash of what they depend on."""
    figures, at = evidence.figures, _order(evidence)
    keys = [figures.keys[n] for n in at]
    about = [content_hash(rests_on), keys, figures.families[at].tolist(), figures.owner[at].tolist()]
    mark = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]
    return {question: f"{question.name} {mark}" for question in Question}


def as_kept(evidence: Evidence, logs: Logs) -> Logs:
    """Return predictions of an evidence's figures (M,) in the order in which they are kept."""
    at = _order(evidence)
    return logs[0][at], logs[1][at]


def kept_of(evidence: Evidence, rests_on: tuple[Path, ...]) -> dict[Question, Logs]:
    """Return the predictions of an evidence's figures (M,) that come with dsim, in its own order, by question."""
    known, back = read_apart(), np.argsort(_order(evidence))
    kept = {question: known.get(name) for question, name in names_of(evidence, rests_on).items()}
    return {question: (logs[0][back], logs[1][back]) for question, logs in kept.items() if logs is not None}


def _order(evidence: Evidence) -> NDArray[np.int64]:
    """Return an order of figures that does not depend on how they came: by network, device and time."""
    figures = evidence.figures
    return np.lexsort((figures.log_ms, figures.owner, np.array(figures.keys)))


@lru_cache(maxsize=1)
def apart_mark() -> str:
    """Return a hash of what comes with dsim: a model kept without it is another one, for its intervals are."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest() if FILE.exists() else ""


def read_apart(path: Path = FILE) -> dict[str, Logs]:
    """Read all that comes with dsim, by what it is kept under."""
    return look_up(path, _read) or {}


def _read(content: bytes) -> dict[str, Logs]:
    head, arrays = arrays_from_bytes(content)
    cuts = np.cumsum(head["lengths"])[:-1]
    logs, spreads = (np.split(arrays[name].astype(np.float64), cuts) for name in ("log_ms", "spread"))
    return dict(zip(head["names"], zip(logs, spreads, strict=True), strict=True))


def apart_to_bytes(found: Mapping[str, Logs]) -> bytes:
    """Write predictions by what they are kept under."""
    names = sorted(found)
    head = {"names": names, "lengths": [len(found[name][0]) for name in names]}
    arrays = {
        kind: np.concatenate([np.asarray(found[name][n], dtype=np.float32) for name in names])
        for n, kind in enumerate(("log_ms", "spread"))
    }
    return arrays_to_bytes(head, arrays)
