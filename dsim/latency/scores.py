"""A device's held-out scores, kept by the content of what they rest on: a card must not wait for a validation."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from dsim.device.find import find_profile
from dsim.latency.cache import keep
from dsim.latency.content import content_hash, rests_on
from dsim.latency.held import clean, held_out
from dsim.latency.scoring import Coverage, Score, coverage, score
from dsim.latency.summary import LEAST
from dsim.places import cache_dir


@dataclass(frozen=True)
class DeviceScores:
    """Held-out scores of one device.

    Attributes
    ----------
    clean, with_cliffs
        In the reference protocol, inside the profile's resolutions, without and with cliffs.
    coverage
        Of the 90% intervals, over the networks of ``clean``.
    """

    clean: Score
    with_cliffs: Score
    coverage: Coverage


def device_scores(device: str) -> DeviceScores | None:
    """Give a device's held-out scores, from the cache where they were found before; None where too little can be left out.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(device)
    path = cache_dir() / "latency" / f"{profile.name}-{content_hash(rests_on(profile))[:24]}-scores.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        return DeviceScores(Score(**raw["clean"]), Score(**raw["with_cliffs"]), Coverage(**raw["coverage"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass  # nothing kept, or damaged: find it out again
    networks = held_out(device)
    judged = clean(networks)
    if len(judged) < LEAST:
        return None
    inside = [held for held in networks if held.band == "inside" and held.complete]
    scores = DeviceScores(score(judged), score(inside), coverage(judged))
    keep(path, json.dumps(asdict(scores)))
    return scores
