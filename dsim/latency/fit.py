"""A device's model, learned from its profile's evidence or taken from the cache."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache

from dsim.cache import kept
from dsim.device.batches import THROUGHPUT
from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.latency.apart import apart_mark
from dsim.latency.content import content_hash
from dsim.latency.evidence import ALL, Keep, everything
from dsim.latency.hold_out import hold_out_once
from dsim.latency.identify import by_bootstrap
from dsim.latency.learners import learner_of, rests_on
from dsim.latency.model import DeviceModel
from dsim.latency.store import model_from_bytes, model_to_bytes
from dsim.latency.strata import Strata, find_strata
from dsim.progress import working
from dsim.threads import one_blas_thread


@lru_cache(maxsize=8)
def load_model(device: str) -> DeviceModel:
    """Return the latency model of a device, learned when first asked for and cached by the content of what it rests on.

    Parameters
    ----------
    device
        Name of a profile, bundled or the user's own; ``my-server@batch8`` for one of its batches.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    BatchError
        It was not measured at that batch.
    FileFormatError
        Its files break a rule.
    """
    profile = find_profile(device)
    learner = learner_of(profile)

    def learn() -> DeviceModel:
        with working(_announced(profile), seconds=learner.seconds, once=True):
            return fit_model(profile)

    mark = hashlib.sha256(f"{content_hash(rests_on(profile))} {apart_mark()}".encode()).hexdigest()
    found = kept(
        "models",
        profile.name,
        mark,
        learn,
        lambda model: model_to_bytes(learner, model),
        lambda content: model_from_bytes(learner, content),
    )
    # the batch belongs to the profile, and a cached model needs not hold it
    return replace(found, batch=profile.batch, per_image=profile.measures == THROUGHPUT)


@one_blas_thread()
def fit_model(profile: DeviceProfile, keep: Keep = everything) -> DeviceModel:
    """Learn a profile's model from its evidence, whatever the cache holds; deterministic.

    Parameters
    ----------
    profile
        The profile.
    keep
        Tells whether a network may be known, by profile and key.
    """
    learner = learner_of(profile)
    evidence = learner.gather(profile, keep)
    pricing = learner.learn(evidence, ALL)
    errors = learner.known_errors(evidence, ALL)
    if errors is None:
        strata = find_strata(learner, evidence, hold_out_once(learner, evidence))
    else:
        strata = Strata.same(errors, len(evidence.families))
    choices = learner.choices(evidence, pricing)
    return DeviceModel(
        profile.name,
        profile.method,
        profile.passes,
        profile.low_px,
        profile.high_px,
        pricing,
        learner.see(evidence),
        strata,
        learner.cliff_weights(evidence),
        by_bootstrap(learner, evidence) if choices is None else choices,
    )


def _announced(profile: DeviceProfile) -> str:
    networks = len({row.network for row in profile.networks if row.counts})
    what = [f"{networks} measured networks"] if networks else []
    what += [f"{len(profile.ops)} measured operators"] if profile.ops else []
    return f"learning {profile.name} from {' and '.join(what)}"
