"""The reference networks as a user sees them: every name, size, and how many bundled devices were timed with each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dsim.latency.methods.few_shot.reference import measured_ms, reference
from dsim.latency.methods.few_shot.teachers import donors
from dsim.latency.names import names_of, plain


@dataclass(frozen=True)
class ReferenceNetwork:
    """One reference network.

    Attributes
    ----------
    key
        ``name@side``.
    names
        Every name that stands for it, its key first.
    family
        Networks of one family are left out together when a profile is judged.
    macs
        Multiply-accumulates of one image.
    devices
        How many of the bundled devices that teach were timed with it.
    """

    key: str
    names: tuple[str, ...]
    family: str
    macs: float
    devices: int


def reference_networks(wanted: str = "") -> tuple[ReferenceNetwork, ...]:
    """Return the reference networks in order of their keys, all or those of which a name holds some text.

    Parameters
    ----------
    wanted
        Capitals, hyphens, underscores and blanks do not matter.
    """
    known = reference()
    timed = Counter(key for profile in donors() for key in measured_ms(profile))
    found = []
    for key, family, macs in zip(known.keys, known.families, known.macs, strict=True):
        called = names_of(key)
        if not wanted or any(wanted in name or plain(wanted) in plain(name) for name in called):
            found.append(ReferenceNetwork(key, called, str(family), float(macs), timed[key]))
    return tuple(found)
