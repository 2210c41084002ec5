"""Held-out predictions that come with dsim, for profiles whose families take long to hold out.

Sixteen forests are grown to find how far off a profile is on families that it never saw. What comes out depends on the
evidence and the format of fits alone, so it lies in ``dsim/data/held.npz`` (made by ``lab/validate/held_out.py``), and counts for
exactly those; for any other, families are held out anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dsim.cache import arrays_from_bytes, arrays_to_bytes, fit_format, look_up
from dsim.device.card import evidence_hash
from dsim.latency.facts import graphs_hash
from dsim.latency.families import FAMILIES
from dsim.latency.features import FloatArray
from dsim.latency.methods.operators.evidence import OpEvidence

FILE = Path(__file__).resolve().parents[3] / "data" / "held.npz"
Logs = tuple[FloatArray, FloatArray]  # predicted log milliseconds (M,) and their spread (M,)


def mark_of(evidence: OpEvidence) -> str:
    """Hash what held-out predictions depend on: the evidence, and the format of fits."""
    profile = evidence.profile
    data = [
        fit_format(),
        evidence_hash(profile.folder),
        graphs_hash(),
        hashlib.sha256(FAMILIES.read_bytes()).hexdigest(),
    ]
    about = [*data, profile.name, len(evidence.rows.ms), evidence.keys]
    return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]


def shipped_logs(evidence: OpEvidence) -> Logs | None:
    """Return what comes with dsim for exactly this evidence, or None."""
    return read_logs().get(f"{evidence.profile.name} {mark_of(evidence)}") if evidence.keys else None


def read_logs() -> dict[str, Logs]:
    """Read all that comes with dsim, by profile and mark."""
    return look_up(FILE, _read) or {}


def _read(content: bytes) -> dict[str, Logs]:
    head, arrays = arrays_from_bytes(content)
    return {name: (arrays[f"log_{n}"], arrays[f"spread_{n}"]) for n, name in enumerate(head["names"])}


def logs_to_bytes(found: Mapping[str, Logs]) -> bytes:
    """Write predictions by profile and mark."""
    names = sorted(found)
    arrays: dict[str, FloatArray] = {}
    for n, name in enumerate(names):
        arrays[f"log_{n}"], arrays[f"spread_{n}"] = (np.asarray(values) for values in found[name])
    return arrays_to_bytes({"names": names}, arrays)
