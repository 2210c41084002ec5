"""A device's held-out scores, kept by the content of what they rest on: a card must not wait for a validation."""

from __future__ import annotations

from dataclasses import dataclass

from dsim.cache import kept
from dsim.device.find import find_profile
from dsim.latency.content import content_hash
from dsim.latency.hold_out import clean, held_out
from dsim.latency.learners import rests_on
from dsim.latency.scoring import Coverage, Score, coverage, score
from dsim.latency.summary import LEAST
from dsim.records import from_json, to_json


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
    """Return a device's held-out scores, from the cache where they were found before; None where too little can be left out.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(device)
    return kept("scores", profile.name, content_hash(rests_on(profile)), lambda: _find(device), _write, _read)


def _find(device: str) -> DeviceScores | None:
    networks = held_out(device)
    judged = clean(networks)
    if len(judged) < LEAST:
        return None
    inside = [held for held in networks if held.band == "inside" and held.complete]
    return DeviceScores(score(judged), score(inside), coverage(judged))


def _write(scores: DeviceScores | None) -> bytes:
    return to_json(scores, hint=DeviceScores | None).encode()


def _read(content: bytes) -> DeviceScores | None:
    return None if content == b"null" else from_json(DeviceScores, content)
