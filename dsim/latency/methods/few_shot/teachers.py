"""What each bundled device's model says of the reference networks, learned without a chip and without some families."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from dsim.device.fields import read_toml
from dsim.device.find import bundled_profile
from dsim.device.folders import bundled_names
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError, UnknownNameError, unknown_name
from dsim.latency.evidence import without
from dsim.latency.features import FloatArray
from dsim.latency.learner import Learner, donors_of
from dsim.latency.methods.few_shot.kept import kept_arrays
from dsim.latency.methods.few_shot.reference import networks_after, reference
from dsim.latency.methods.few_shot.shipped import BOARDS

# whose rates a donor starts from where the chip that it starts from is the one left out
OTHER_START = {"i7-12700h": "i9-10940x", "iphone12": "iphone13"}


# groups that do not teach: phones with one table know too little, and runtimes on servers are no neighbours of phones
NO_DONORS = ("one-table", BOARDS, "measured")
Ask = Callable[[DeviceProfile], Learner[Any, Any]]


@dataclass(frozen=True)
class LeftOut:
    """What no teacher may have seen: a chip, in every runtime and precision, and families of networks."""

    chip: str = ""
    families: frozenset[str] = frozenset()

    def of(self, chips: frozenset[str]) -> LeftOut:
        """Return the same for a teacher that learns of some chips alone: no other chip is missing there."""
        return self if self.chip in chips else replace(self, chip="")

    def allows(self, profile: DeviceProfile, key: str) -> bool:
        """Tell whether a figure of a profile may be seen, whatever its family."""
        del key
        return profile.chip != self.chip


@lru_cache(maxsize=1)
def donors() -> tuple[DeviceProfile, ...]:
    """Return the profiles that may teach, in order of name.

    Besides NO_DONORS, those do not that start from a profile which starts from another: Snapdragons whose networks ran on
    the CPU start from phone CPUs, and these teach themselves.
    """
    profiles = [bundled_profile(name) for name in bundled_names()]
    starts = {profile.name: profile.donor for profile in profiles}
    return tuple(
        profile
        for profile in profiles
        if profile.networks
        and profile.group not in NO_DONORS
        and not (profile.donor and starts[profile.donor])
    )


def donor_named(name: str) -> DeviceProfile:
    """Return one donor; `donors` reads them once.

    Raises
    ------
    UnknownNameError
        No bundled profile of that name teaches.
    """
    known = {profile.name: profile for profile in donors()}
    if name not in known:
        raise unknown_name("device", name, known)
    return known[name]


def donor_of(profile: DeviceProfile) -> DeviceProfile:
    """Return the donor that a profile's file names.

    Raises
    ------
    FileFormatError
        It is none that teaches, such as a profile of the user's own.
    """
    try:
        return donor_named(profile.donor)
    except UnknownNameError as error:
        raise FileFormatError(
            f"{profile.folder / 'profile.toml'}, donor: must be a bundled profile that others are learned from, got "
            f"{profile.donor!r} ({error}); add the device again with --like"
        ) from error


Mark = tuple[str, str, LeftOut]


@dataclass(frozen=True)
class Lesson:
    """One donor's part.

    Attributes
    ----------
    profile
        The donor.
    folders
        Everything that it is learned from.
    learn
        Returns log milliseconds (N,) of the reference networks.
    mark
        Lessons with one mark say the same: who teaches, what it starts from, and what is left out of that which it learns from.
    """

    profile: DeviceProfile
    folders: tuple[Path, ...]
    learn: Callable[[], FloatArray]
    mark: Mark


def teach(
    left_out: LeftOut,
    ask: Ask,
    tick: Callable[[], None] = lambda: None,
    keep: bool = False,
    told: dict[Mark, FloatArray] | None = None,
) -> dict[str, FloatArray]:
    """Ask every donor about the reference networks.

    Parameters
    ----------
    left_out
        What they must not have seen.
    ask
        Returns how a profile is learned.
    tick
        Called after every donor.
    keep
        Whether answers are taken from the cache, and kept there.
    told
        Answers by their lesson's mark, taken from here and put here: most lessons do not change with the chip left out.

    Returns
    -------
    dict
        Log milliseconds (N,) of the reference networks by donor's name.
    """
    out: dict[str, FloatArray] = {}
    known = {} if told is None else told
    for lesson in lessons(left_out, ask):
        name = lesson.profile.name
        if keep:
            keys = reference().keys
            out[name] = kept_arrays(name, lesson.folders, keys, lambda lesson=lesson: {"log_ms": lesson.learn()})["log_ms"]  # type: ignore[misc]  # fmt: skip
        else:
            if lesson.mark not in known:
                known[lesson.mark] = lesson.learn()
            out[name] = known[lesson.mark]
        tick()
    return out


def lessons(left_out: LeftOut, ask: Ask) -> Iterator[Lesson]:
    """Yield what has to be learned for all donors, with something left out of all of them; one runtime after the other."""
    for donor in sorted(donors(), key=lambda one: (one.passes, one.pool, one.name)):
        if donor.chip == left_out.chip:
            continue
        profile = donor
        if donor.donor and bundled_profile(donor.donor).chip == left_out.chip:
            profile = replace(donor, donor=OTHER_START[donor.donor])
        folders = tuple(folder for one in (profile, *donors_of(profile)) for folder in ask(one).rests_on(one))
        chips = frozenset(_chip_of(folder) for folder in folders)
        mark = (profile.name, profile.donor, left_out.of(chips))
        yield Lesson(donor, folders, partial(_said, profile, left_out, ask(profile)), mark)


@cache
def _chip_of(folder: Path) -> str:
    return str(read_toml(folder / "profile.toml")["chip"])  # no figures are read


def _said(profile: DeviceProfile, left_out: LeftOut, how: Learner[Any, Any]) -> FloatArray:
    pricing = how.learn(how.gather(profile, left_out.allows), without(left_out.families))
    log: FloatArray = pricing.log_ms(pricing.network_vectors(networks_after(profile.passes)))[0]
    return np.asarray(log)
