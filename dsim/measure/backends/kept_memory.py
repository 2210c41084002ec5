"""Have the C library keep the memory that a run gave back, so that every run of a network meets the same memory.

PyTorch asks malloc for each operator's output. glibc gives large ones, and the end of its heap, back to the system when they
are freed, and the next run asks for them again, page by page: RegNetX meets 19,000 page faults in a run and takes 1.6 times
as long, or none, by what else lies in the heap. PyTorch's tuning guide has servers keep the memory, with another allocator
(https://docs.pytorch.org/tutorials/recipes/recipes/tuning_guide.html); two settings of glibc's own do the same.
"""

from __future__ import annotations

import ctypes

KEPT = (
    "memory that a run gave back is kept for the next (glibc's M_TRIM_THRESHOLD and M_MMAP_THRESHOLD at 2 GB)"
)
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_MOST = 2**31 - 1  # bytes


def kept_in_words() -> str:
    """Say what `keep_memory` does here; empty where the C library is not glibc."""
    return KEPT if _glibc() is not None else ""


def keep_memory() -> None:
    """Set it for this process, where the C library is glibc."""
    library = _glibc()
    if library is not None:
        for what in (_TRIM_THRESHOLD, _MMAP_THRESHOLD):
            library.mallopt(what, _MOST)


def _glibc() -> ctypes.CDLL | None:
    """Return the C library of this process where it is glibc, whose numbers those above are."""
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "gnu_get_libc_version") else None
    except (OSError, TypeError):  # no such library can be asked for on Windows
        return None
