"""Fit a profile's model, or take the fit from the cache."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from dsim.cache import kept
from dsim.device.batches import THROUGHPUT
from dsim.device.find import find_profile, pool_of
from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError
from dsim.latency.calibrate import calibrate_for, network_errors
from dsim.latency.cliffs import fit_cliffs
from dsim.latency.content import content_hash, rests_on
from dsim.latency.device_model import DeviceModel
from dsim.latency.methods.few_shot.learn import fit_few_shot_model
from dsim.latency.methods.fine.learn import fit_fine_model
from dsim.latency.methods.operators.learn import fit_operator_model
from dsim.latency.methods.operators.model import OperatorModel
from dsim.latency.methods.pooled.adapted import belief_of
from dsim.latency.methods.pooled.choices import identify
from dsim.latency.methods.pooled.ensemble import Belief, HeldOut, fit_members, hold_out, rates_of
from dsim.latency.methods.pooled.evidence import Evidence, family_of, gather, networks_of
from dsim.latency.methods.pooled.fit import Fit
from dsim.latency.model import LatencyModel
from dsim.latency.seen import cover
from dsim.latency.store import model_from_bytes, model_to_bytes
from dsim.progress import working
from dsim.threads import one_blas_thread

# about how long learning takes by method, on one core; benchmarks/README.md has every profile's own
SECONDS = {"roofline": 10.0, "adapted": 15.0, "fine": 15.0, "operators": 15.0, "few-shot": 5.0}


@lru_cache(maxsize=8)
def load_model(device: str) -> DeviceModel:
    """Return the latency model of a device, fitted when first asked for and cached by the content of what it rests on.

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
    # the batch belongs to the profile, and a cached fit needs not hold it
    return replace(_fitted(profile), batch=profile.batch, per_image=profile.measures == THROUGHPUT)


def _fitted(profile: DeviceProfile) -> LatencyModel | OperatorModel:
    def learn() -> LatencyModel | OperatorModel:
        with working(_announced(profile), seconds=SECONDS[profile.method], once=True):
            return learn_model(profile)

    mark = content_hash(rests_on(profile))
    return kept("latency", profile.name, mark, learn, model_to_bytes, model_from_bytes)


def learn_model(profile: DeviceProfile) -> LatencyModel | OperatorModel:
    """Learn a profile's model from its evidence, whatever the cache holds; deterministic."""
    if profile.method == "operators":
        return fit_operator_model(profile, pool_of(profile))
    if profile.method == "fine":
        return fit_fine_model(profile)
    if profile.method == "few-shot":
        return fit_few_shot_model(profile)
    return fit_model(pool_of(profile), profile.name)


def _announced(profile: DeviceProfile) -> str:
    networks = len({row.network for row in profile.networks if row.counts})
    what = [f"{networks} measured networks"] if networks else []
    what += [f"{len(profile.ops)} measured operators"] if profile.ops else []
    return f"learning {profile.name} from {' and '.join(what)}"


@one_blas_thread()
def fit_model(pool: tuple[DeviceProfile, ...], device: str) -> LatencyModel:
    """Fit one profile's model with its pool; deterministic.

    Raises
    ------
    InvalidValueError
        The pool's profiles do not run the same graph passes, so their kernels are not the same.
    """
    names = [profile.name for profile in pool]
    index = names.index(device)
    profile = pool[index]
    if any(p.passes != profile.passes for p in pool):
        raise InvalidValueError(
            f"profiles of one pool must list the same passes, got {[list(p.passes) for p in pool]}; give them pools of their own"
        )
    learned = learn_pool(pool, belief_of(profile))
    evidence = learned.evidence
    measured = {row.graph for _, row in evidence.rows}
    errors, families, keys = network_errors(
        evidence, learned.held, evidence.reference & evidence.learnable & evidence.inside
    )
    networks = networks_of(pool)
    return LatencyModel(
        profile.name,
        profile.passes,
        profile.low_px,
        profile.high_px,
        rates_of(evidence, learned.fits, index, evidence.learnable, belief_of(profile)),
        calibrate_for(profile, errors, families, np.array([i for i, _ in keys]), index),
        fit_cliffs(evidence),
        cover((family_of(key, key), network.kinds) for key, network in networks.items() if key in measured),
        identify(evidence, index, belief_of(profile)),
    )


@dataclass(frozen=True)
class Learned:
    """What all profiles of a pool share: evidence, fits, held-out predictions."""

    evidence: Evidence
    fits: tuple[Fit, ...]
    held: HeldOut


# by content: one process asks for many profiles of one pool, or for a pool without some of its rows
_LEARNED: dict[tuple[str, tuple[object, ...]], Learned] = {}


@one_blas_thread()
def learn_pool(pool: tuple[DeviceProfile, ...], belief: Belief) -> Learned:
    """Fit a pool and hold out each of its families, once a process."""
    rows = tuple((member.networks, member.contrasts) for member in pool)
    key = content_hash(member.folder for member in pool), rows
    if key not in _LEARNED:
        evidence = gather(pool)
        fits = fit_members(evidence, evidence.learnable, belief=belief)
        _LEARNED[key] = Learned(evidence, fits, hold_out(evidence, belief=belief))
    return _LEARNED[key]
