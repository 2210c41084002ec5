"""The latency model of an earlier time: learned and calibrated as ever, from profiles without what came later."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

from dsim.cache import kept
from dsim.device import DeviceProfile, find_profile
from dsim.device.find import pool_of
from dsim.errors import InvalidValueError
from dsim.latency.content import content_hash, rests_on
from dsim.latency.device_model import DeviceModel
from dsim.latency.fit import fit_model
from dsim.latency.methods.fine.learn import fit_fine_model
from dsim.latency.methods.operators.learn import fit_operator_model
from dsim.latency.methods.operators.model import OperatorModel
from dsim.latency.model import LatencyModel
from dsim.latency.store import model_from_bytes, model_to_bytes
from lab.claims.reality.dates import FILE, earlier


def earlier_profile(profile: DeviceProfile, test: Callable[[str], bool]) -> DeviceProfile:
    """Return a profile as it would be without the networks that fail a test.

    Whole networks, the operators that were timed inside them, and contrasts that touch one of them go. Figures of
    earlier networks stay, whoever timed them and when: they tell of the device, not of later networks.

    Parameters
    ----------
    test
        Of `lab.claims.reality.dates.earlier`.
    """
    return replace(
        profile,
        networks=tuple(row for row in profile.networks if row.graph and test(row.graph)),
        contrasts=tuple(
            c for c in profile.contrasts if c.graph_a and c.graph_b and test(c.graph_a) and test(c.graph_b)
        ),
        ops=tuple(op for op in profile.ops if not op.network or test(op.network)),
    )


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
    if profile.donor or profile.method == "few-shot":
        raise InvalidValueError(
            f"a backtest must learn a device from its own figures, and {device} starts from another's; leave it out"
        )
    test = earlier(cutoff)
    return kept(
        "earlier",
        device,
        _mark(profile, cutoff),
        lambda: _learn(profile, test),
        model_to_bytes,
        model_from_bytes,
    )


def _learn(profile: DeviceProfile, test: Callable[[str], bool]) -> LatencyModel | OperatorModel:
    if profile.method == "operators":
        return fit_operator_model(earlier_profile(profile, test), ())
    if profile.method == "fine":
        return fit_fine_model(earlier_profile(profile, test))
    return fit_model(tuple(earlier_profile(p, test) for p in pool_of(profile)), profile.name)


def _mark(profile: DeviceProfile, cutoff: str) -> str:
    digest = hashlib.sha256(f"{content_hash(rests_on(profile))} {cutoff}".encode())
    digest.update(FILE.read_bytes())
    return digest.hexdigest()
