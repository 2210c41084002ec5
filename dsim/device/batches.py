"""The batches of a profile: what its figures were measured at, and the profile at one of them.

A profile may hold figures at several batches. Nothing is scaled from one batch to another: each is learned from its own
figures alone, as if it were a profile of its own, and its name says which: ``my-server@batch8``. The plain name asks for the
smallest batch. Whatever shows the name of a profile so says its batch, where that is not 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from dsim.device.profile import DeviceProfile
from dsim.errors import BatchError, FileFormatError, InvalidValueError
from dsim.records import shown

MARK = "@batch"
THROUGHPUT = "throughput"


def split_name(name: str) -> tuple[str, int | None]:
    """Return a profile's plain name, and the batch that the name asks for, None where it asks for none.

    Raises
    ------
    BatchError
        What follows ``@batch`` is not a number of images.
    InvalidValueError
        It is no text.
    """
    if not isinstance(name, str):
        raise InvalidValueError(
            f"a device must be the name of one profile, such as 'iphone12', got {name!r}; ask for one at a time"
        )
    plain, mark, text = name.partition(MARK)
    if not mark:
        return name, None
    if not re.fullmatch(r"[1-9]\d{0,5}", text):
        raise BatchError(
            f"a batch is asked for like {plain}{MARK}8, with a number from 1 to 999999, got {name[:80]!r}"
        )
    return plain, int(text)


def name_at(name: str, batch: int | None) -> str:
    """Return the name of a profile at a batch; None leaves the name as it is.

    Raises
    ------
    BatchError
        The name asks for another batch already.
    """
    plain, asked = split_name(name)
    if batch is None:
        return name
    if asked not in (None, batch):
        raise BatchError(f"one batch can be asked for, got {name} and batch {batch}; leave one of them out")
    return f"{plain}{MARK}{batch}"


def at_batch(profile: DeviceProfile, batch: int | None = None) -> DeviceProfile:
    """Return a profile with the figures of one batch alone.

    Parameters
    ----------
    profile
        As it was read.
    batch
        Images in one run; None for its smallest. A throughput profile has figures for one image, and stays as it is.

    Raises
    ------
    BatchError
        The profile has no figures at that batch.
    """
    if profile.measures == THROUGHPUT:
        if batch is not None:
            raise BatchError(
                f"{profile.name} holds milliseconds per image at its own batch, {profile.batch_stated}; "
                f"leave out batch {batch}"
            )
        return profile
    if batch is not None and batch not in profile.batches:
        raise unknown_batch(profile, batch)
    wanted = profile.batches[0] if batch is None else batch
    if wanted == 1 and len(profile.batches) == 1:
        return profile
    return replace(
        profile,
        name=profile.name if wanted == 1 else f"{profile.name}{MARK}{wanted}",
        pool=profile.pool if wanted == 1 else f"{profile.pool}{MARK}{wanted}",
        batch=wanted,
        batch_stated=str(wanted),
        networks=tuple(row for row in profile.networks if row.batch in (None, wanted)),
        ops=tuple(op for op in profile.ops if op.batch in (None, wanted)),
        contrasts=profile.contrasts if wanted == 1 else (),  # those are of one image
    )


def names_by_batch(name: str, profile: DeviceProfile) -> tuple[str, ...]:
    """Return names of a profile at each of its batches; a name that asks for one stays alone."""
    if profile.measures == THROUGHPUT or split_name(name)[1] is not None:
        return (name,)
    return (name, *(name_at(name, batch) for batch in profile.batches[1:]))


def card_batch(profile: DeviceProfile) -> int | None:
    """Return the batch that a profile's card is kept under: None for the smallest, which has the card of the plain name."""
    return None if profile.measures == THROUGHPUT or profile.batch == profile.batches[0] else profile.batch


def unit_of(name: str, measures: str) -> str:
    """Return the unit of a profile's figures: milliseconds of one image, of one run, or per image of a large batch."""
    if measures == THROUGHPUT:
        return "ms per image in a large batch"
    batch = split_name(name)[1]
    return "ms" if batch in (None, 1) else f"ms per run of {batch} images"


def unknown_batch(profile: DeviceProfile, batch: int) -> BatchError:
    """Make the error for a batch that a profile has no figures at."""
    known = " and ".join(map(str, profile.batches))
    return BatchError(
        f"{split_name(profile.name)[0]} was measured at batch {known} and predicts for no other batch, got batch {batch}; "
        f"pass batch {known.replace(' and ', ' or ')}, or measure a device with dsim measure --batch {batch}"
    )


def stated_batches(value: object, path: Path) -> tuple[str, tuple[int, ...]]:
    """Read the key ``batch`` of profile.toml: its words, and the numbers that it names.

    A number, a list of numbers, or a text; a text that begins with a number names that one.

    Raises
    ------
    FileFormatError
        It is something else.
    """
    if isinstance(value, str) and value.strip():
        found = re.match(r"\s*([1-9]\d{0,5})\b", value)
        return value, (int(found.group(1)),) if found else ()
    numbers = value if isinstance(value, list | tuple) else [value]
    if not numbers or any(type(n) is not int or not 1 <= n <= 10**6 for n in numbers):
        raise FileFormatError(
            f"{path}, batch: must be a number of images, a list of such numbers or a text, got {shown(value)}; correct it"
        )
    return " and ".join(str(n) for n in sorted(set(numbers))), tuple(sorted(set(numbers)))


def batches_in(
    stated: tuple[int, ...], measures: str, rows: Iterable[tuple[str, int | None]], path: Path
) -> tuple[int, ...]:
    """Return the batches of a profile, from its figures and what profile.toml states.

    Parameters
    ----------
    rows
        Name and batch of each figure; None where it does not say.

    Raises
    ------
    FileFormatError
        A figure does not say its batch though there are several, or has one that profile.toml does not state.
    """
    named: set[int] = set()
    for name, batch in rows:
        if batch is not None:
            named.add(batch)
        elif len(stated) > 1 and measures != THROUGHPUT:
            raise FileFormatError(
                f"{path}, batch: states {' and '.join(map(str, stated))}, so every figure must say its own, "
                f"got none for {name!r}; fill in the column batch"
            )
    if measures == THROUGHPUT:
        return tuple(sorted(named)) or stated or (1,)
    extra = sorted(named - set(stated))
    if extra:
        raise FileFormatError(
            f"{path}, batch: must state every batch of the figures, got {list(stated)} and a figure at batch {extra[0]}; "
            "add it"
        )
    return stated or (1,)


def plain_batches(profile: DeviceProfile) -> Any:
    """Return a profile's batch for JSON: a number, or a list of them for throughput at several."""
    if profile.measures == THROUGHPUT and len(profile.batches) > 1:
        return list(profile.batches)
    return profile.batches[0] if profile.measures == THROUGHPUT else profile.batch
