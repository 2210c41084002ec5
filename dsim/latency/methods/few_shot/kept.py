"""Parts of the donors' table that are learned already, in the user's cache, by what they rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from dsim.cache import arrays_from_bytes, arrays_to_bytes, kept
from dsim.latency.content import content_hash
from dsim.latency.features import FloatArray

Arrays = Mapping[str, FloatArray]


def kept_arrays(
    name: str, folders: Iterable[Path], keys: Iterable[str], make: Callable[[], Arrays]
) -> Arrays:
    """Return arrays from the cache, or make and keep them.

    Parameters
    ----------
    name
        What they are.
    folders
        Profiles that they rest on, beside the shared graphs and families.
    keys
        The networks that they are about.
    make
        Makes them.
    """
    about = "\0".join((content_hash(folders), *keys))
    mark = hashlib.sha256(about.encode()).hexdigest()
    return kept(
        "donors",
        name,
        mark,
        make,
        lambda arrays: arrays_to_bytes({}, arrays),
        lambda b: arrays_from_bytes(b)[1],
    )
