"""The latency model of an earlier time: learned and calibrated as ever, from profiles without what came later."""

from __future__ import annotations

import hashlib

from dsim.cache import kept
from dsim.device import DeviceProfile, find_profile
from dsim.errors import InvalidValueError
from dsim.latency.content import content_hash
from dsim.latency.fit import fit_model
from dsim.latency.learner import LearnsFrom
from dsim.latency.learners import learner_of, rests_on
from dsim.latency.model import DeviceModel
from dsim.latency.store import model_from_bytes, model_to_bytes
from lab.claims.reality.dates import FILE, earlier


def earlier_model(device: str, cutoff: str) -> DeviceModel:
    """Learn a device's model from networks published before a month: rates, intervals and verdicts on choices.

    Parameters
    ----------
    device
        Name of a profile that starts from no other device's rates.
    cutoff
        ``YYYY-MM``, exclusive.

    Raises
    ------
    InvalidValueError
        The profile has a donor or borrows from many: later networks would come in through these.
    """
    profile = find_profile(device)
    learner = learner_of(profile)
    if profile.donor or learner.learns_from is LearnsFrom.ALL:
        raise InvalidValueError(
            f"a backtest must learn a device from its own figures, and {device} starts from another's; leave it out"
        )
    test = earlier(cutoff)
    return kept(
        "earlier-models",
        device,
        _mark(profile, cutoff),
        lambda: fit_model(profile, lambda _, key: test(key)),
        lambda model: model_to_bytes(learner, model),
        lambda content: model_from_bytes(learner, content),
    )


def _mark(profile: DeviceProfile, cutoff: str) -> str:
    digest = hashlib.sha256(f"{content_hash(rests_on(profile))} {cutoff}".encode())
    digest.update(FILE.read_bytes())
    return digest.hexdigest()
