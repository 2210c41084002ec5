"""Every way of learning latency, by the method that profiles name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError, InvalidValueError
from dsim.latency.learner import Donor, Learner, LearnsFrom
from dsim.latency.methods.few_shot.learner import FewShot
from dsim.latency.methods.fine.learner import Fine
from dsim.latency.methods.operators.learner import Operators
from dsim.latency.methods.pooled.learner import Adapted, Roofline


def learner_of(profile: DeviceProfile) -> Learner[Any, Any]:
    """Return the way that a profile is learned.

    Raises
    ------
    FileFormatError
        No way has the name that the profile asks for, or it names a donor where there must be none, or none where it must.
    """
    path = profile.folder / "profile.toml"
    if profile.method not in LEARNERS:
        raise FileFormatError(
            f"{path}, method: must be one of {', '.join(LEARNERS)}, got {profile.method!r}; correct it"
        )
    learner = LEARNERS[profile.method]
    if learner.donor is Donor.MUST and not profile.donor:
        raise FileFormatError(
            f"{path}, donor: must be named with method = {profile.method!r}, got ''; name the profile that it starts from"
        )
    if learner.donor is Donor.NONE and profile.donor:
        fit = [name for name, one in LEARNERS.items() if one.donor is not Donor.NONE]
        raise FileFormatError(
            f"{path}, donor: goes with the methods {', '.join(fit)}, got {profile.donor!r} with {profile.method!r}; "
            "leave it out or change the method"
        )
    return learner


LEARNERS: dict[str, Learner[Any, Any]] = {
    "roofline": Roofline(),
    "adapted": Adapted(),
    "fine": Fine(),
    "operators": Operators(),
    "few-shot": FewShot(learner_of),
}


def rests_on(profile: DeviceProfile) -> tuple[Path, ...]:
    """Return the folders whose figures reach a profile's model: its own, its pool's, its donors'."""
    learner = learner_of(profile)
    own = learner.rests_on(profile)
    if not profile.donor or learner.learns_from is LearnsFrom.ALL:
        return own
    return (*own, *rests_on(find_profile(profile.donor)))


def register(name: str, learner: Learner[Any, Any]) -> None:
    """Add a way of learning from outside of dsim; profiles then may name it as their method.

    Raises
    ------
    InvalidValueError
        Another one has the name.
    """
    if (known := LEARNERS.get(name)) is not None:
        raise InvalidValueError(
            f"a learner needs a name of its own, got {name!r} for {_owner(learner)}, which {_owner(known)} has; choose another"
        )
    LEARNERS[name] = learner


@contextmanager
def registered(name: str, learner: Learner[Any, Any]) -> Iterator[None]:
    """Add a way of learning for a while; see `register`."""
    register(name, learner)
    try:
        yield
    finally:
        del LEARNERS[name]


def _owner(learner: Learner[Any, Any]) -> str:
    return f"{type(learner).__module__}.{type(learner).__qualname__}"
