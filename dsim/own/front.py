"""Add a device of one's own, and adapt what is known of all devices to it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dsim.device.add import Added
from dsim.device.add.wanted import Wanted
from dsim.device.card import write_card
from dsim.device.find import find_profile
from dsim.errors import InvalidValueError
from dsim.latency.learners import learner_of
from dsim.latency.methods.few_shot.advice import Advice, advise
from dsim.latency.methods.few_shot.own import gather_own
from dsim.latency.summary import summarise
from dsim.own.add import Request, add_requested

Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]


def add_device(
    files: Paths,
    name: str,
    *,
    like: str = "",
    title: str = "",
    models: Sequence[str] = (),
    device: str = "",
    runtime: str = "",
    precision: str = "",
    names: Mapping[str, str] | None = None,
    force: bool = False,
) -> Added:
    """Make a profile of measurements, as ``dsim device add`` does; three networks are enough.

    Parameters
    ----------
    files
        One file or several (docs/adapting.md).
    name
        Of the new profile: small letters, digits, inner hyphens.
    like
        Bundled profile with the same runtime; the nearest by default.
    title
        What lists call the device; its name by default.
    models
        Networks that runs of benchmark_model were made with, one a run.
    device, runtime, precision
        Which figures are meant, where a file holds several.
    names
        What to look networks up as, by the names that the files use.
    force
        Whether a profile of that name may be replaced.

    Raises
    ------
    DsimError
        Something in the request or the files breaks a rule; nothing is written then.
    """
    paths = (files,) if isinstance(files, str | os.PathLike) else tuple(dict.fromkeys(files))
    if not paths:
        raise InvalidValueError("a profile needs at least one file of measurements, got none; name one")
    return add_requested(
        Request(
            tuple(Path(path) for path in paths),
            name,
            like,
            title,
            tuple(models),
            Wanted(device, runtime, precision),
            force,
            tuple((names or {}).items()),
        )
    )


def adapt(name: str, files: Paths = (), **options: Any) -> Advice:
    """Say what a profile's few measurements are worth and what to measure next, as ``dsim device adapt`` does.

    What is found is kept in the profile's card, for ``dsim device show``.

    Parameters
    ----------
    name
        A profile that `add_device` made of networks.
    files
        Files of measurements: the profile is made of them first, by `add_device`.
    options
        What `add_device` takes beside files and name; only with files.

    Raises
    ------
    UnknownNameError
        There is no such profile.
    InvalidValueError
        It is not learned from a few networks, or there are options without files.
    DsimError
        Something in the files breaks a rule; nothing is written then.
    """
    if isinstance(files, str | os.PathLike) or files:
        add_device(files, name, **options)
    elif any(options.values()):
        raise InvalidValueError(
            f"{', '.join(key for key, value in options.items() if value)} say how to read files of measurements, and there "
            "are none; name the files (--from on the command line)"
        )
    profile = find_profile(name)
    if not learner_of(profile).few:
        raise InvalidValueError(
            f"adapting is for a profile that `dsim device add` made from a few networks, {name!r} is learned by method "
            f"{profile.method!r}; name a profile of your own"
        )
    advice = advise(gather_own(profile, learner_of))
    write_card(profile.folder, summarise(name).card)  # so that `dsim device list` can show it
    return advice
