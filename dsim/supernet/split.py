"""Which pictures train, which the search may look at, and which nothing looks at before the end."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

SEARCH, TEST = 0.1, 0.15  # shares of each class
LEAST = 10  # pictures of a class: fewer leave a part without any


def content_keys(images: NDArray[np.uint8], seed: int) -> NDArray[np.uint64]:
    """Return a number (N,) for each picture that depends on its content and the seed alone."""
    salt = seed.to_bytes(8, "little")
    digests = (hashlib.blake2b(image.tobytes(), digest_size=8, key=salt).digest() for image in images)
    return np.frombuffer(b"".join(digests), dtype=np.uint64)


def take_share(
    keys: NDArray[np.uint64], labels: NDArray[np.int64], share: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Take a share of each class away.

    The order of the keys decides, so neither names nor order of the files do. Equal pictures have equal keys and stay
    together: no picture is in two parts.

    Returns
    -------
    tuple
        Indices that are taken, and those that are left; both sorted.
    """
    taken: list[NDArray[np.int64]] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        order = members[np.argsort(keys[members], kind="stable")]
        count = max(1, round(len(order) * share))
        while count < len(order) and keys[order[count]] == keys[order[count - 1]]:
            count += 1
        taken.append(order[:count])
    away = np.sort(np.concatenate(taken))
    return away, np.setdiff1d(np.arange(len(labels)), away)
