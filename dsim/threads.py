"""Hold linear algebra to one thread while models are learned.

The matrices of a fit have some hundred rows. On those, two threads of BLAS wait for each other longer than they work:
a first prediction took 7 s of processor time with one thread and 86 s with two.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_held = threading.Lock()


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread inside a block, or inside a function as ``@one_blas_thread()``.

    BLAS has one number of threads for the whole process. So the first block sets it and puts it back at its end; a block
    inside it, or one of another thread at the same time, changes nothing.
    """
    if not _held.acquire(blocking=False):
        yield
        return
    try:
        # deferred: an answer from the cache learns nothing and need not wait for these. Only libraries that are loaded can
        # be limited; numpy and scipy bring one each
        import numpy  # noqa: F401
        import scipy.linalg  # noqa: F401
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1, user_api="blas"):
            yield
    finally:
        _held.release()
