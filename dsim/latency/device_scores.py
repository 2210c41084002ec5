"""The held-out scores of one device in short, kept by content so that a profile's card need not wait for them twice."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from dsim.device.find import find_profile, pool_of
from dsim.errors import DsimError
from dsim.files import make_folder, write_atomic
from dsim.latency.ensemble import hold_out
from dsim.latency.evidence import gather
from dsim.latency.learn import content_hash
from dsim.latency.scoring import Coverage, Score, coverage, score
from dsim.latency.validate import held_networks
from dsim.places import cache_dir


@dataclass(frozen=True, slots=True)
class DeviceScores:
    """Held-out scores in the reference protocol, inside the profile's resolutions.

    Attributes
    ----------
    clean, with_cliffs
        Without and with the networks that left the accelerator.
    pooled_coverage
        Share of the whole pool's networks inside their 90% interval.
    """

    clean: Score
    with_cliffs: Score
    pooled_coverage: Coverage


def device_scores(device: str) -> DeviceScores:
    """Give the scores of a device, validated when first asked for.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(device)
    pool = pool_of(profile)
    path = cache_dir() / "latency" / f"{profile.name}-{content_hash(pool)[:24]}-held-out.json"
    try:
        return _read(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        pass  # not there, or damaged: validate again
    evidence = gather(pool)
    inside = [n for n in held_networks(evidence, hold_out(evidence)) if n.band == "inside"]
    own = [n for n in inside if n.device == profile.name]
    clean = [n for n in inside if not n.cliff]
    scores = DeviceScores(score([n for n in own if not n.cliff]), score(own), coverage(clean))
    try:
        make_folder(path.parent)
        write_atomic(path, json.dumps(asdict(scores)))
    except DsimError:
        pass  # a cache that cannot be written costs time, not the answer
    return scores


def _read(raw: dict[str, Any]) -> DeviceScores:
    return DeviceScores(
        Score(**raw["clean"]), Score(**raw["with_cliffs"]), Coverage(**raw["pooled_coverage"])
    )
