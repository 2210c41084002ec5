"""What was measured of several devices, before anything is predicted of them: the first tiers of evidence of a shift.

1. One change timed on two devices (`dsim.shift.shared_contrasts`). 2. What another device's choice among published networks
loses (`dsim.shift.measured_regret`). 3. Best designs timed on each other's stacks (`dsim.shift.measured`). Predictions come
fourth.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dsim.device import DeviceProfile, find_profile
from dsim.errors import UnknownNameError
from dsim.shift.equal_top1 import AtEqualTop1, at_equal_top1
from dsim.shift.measured import Agreement, agreements, read_measured
from dsim.shift.measured_regret import MeasuredRegret, every_regret
from dsim.shift.other_forms import OtherForms, other_forms
from dsim.shift.records import Comparison
from dsim.shift.shared_contrasts import SharedContrast, shared_contrasts


@dataclass(frozen=True)
class Measured:
    """What was measured of the devices of a comparison.

    Attributes
    ----------
    contrasts
        One change on two devices.
    regrets
        Published networks chosen on one device and run on another; None on a task of the user's own, where they have no rank.
    timed
        Best designs of this comparison that were timed, device by device.
    equal
        Those that reach the same predicted top-1 as the best design for the device that they were timed on.
    forms
        What was timed on a device of other forms and lengths that the design of the what-if table could have.
    """

    contrasts: tuple[SharedContrast, ...] = ()
    regrets: tuple[MeasuredRegret, ...] | None = ()
    timed: tuple[Agreement, ...] = ()
    equal: tuple[AtEqualTop1, ...] = ()
    forms: tuple[OtherForms, ...] = ()


NOTHING = Measured()


def measured_of(
    found: Comparison, folder: Path | None = None, profiles: Iterable[DeviceProfile] | None = None
) -> Measured:
    """Collect what was measured of a comparison's devices.

    Parameters
    ----------
    folder
        Of the comparison, where its timed designs lie; None for none.
    profiles
        The devices' profiles, as far as they are known; found by name where left out.
    """
    known = tuple(_known(d.device for d in found.devices) if profiles is None else profiles)
    timed = read_measured(folder) if folder else ()
    regrets = None if found.task else every_regret(known, found.confidence)
    return Measured(
        shared_contrasts(known),
        regrets,
        agreements(found, timed),
        at_equal_top1(found, timed),
        other_forms(found.what_if.arch.to_graph(), known),
    )


def _known(names: Iterable[str]) -> Sequence[DeviceProfile]:
    """Return the profiles that are still installed."""
    out = []
    for name in names:
        try:
            out.append(find_profile(name))
        except UnknownNameError:
            continue
    return out
