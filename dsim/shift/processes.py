"""Processes: work that rests on one device alone is done for several devices at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from dsim.errors import InvalidValueError
from dsim.parents import end_with_parent
from dsim.threads import one_blas_thread

Result = TypeVar("Result")


def in_processes(
    jobs: int, work: Callable[..., Result], asked: Sequence[tuple[object, ...]]
) -> Iterator[Result]:
    """Yield ``work(*one)`` for each of ``asked``, in their order.

    Parameters
    ----------
    jobs
        Processes that work at a time; 1 for this one alone.
    work
        A function at the top of a module, so that another process finds it.

    Raises
    ------
    DsimError
        Whatever ``work`` raises, as it raises it.
    """
    if jobs == 1:
        yield from (work(*one) for one in asked)
        return
    from joblib import Parallel, delayed  # deferred: one process needs none of it

    yield from Parallel(n_jobs=min(jobs, len(asked)), return_as="generator")(
        delayed(_with_one_thread)(work, one) for one in asked
    )


@one_blas_thread()
def _with_one_thread(work: Callable[..., Result], one: tuple[object, ...]) -> Result:
    end_with_parent()
    return work(*one)


def check_jobs(jobs: int, time_s: float | None, keep: bool) -> None:
    """Refuse processes that cannot share a comparison.

    Raises
    ------
    InvalidValueError
        There is none of them, they have a cap on the time, or no folder to meet in.
    """
    if jobs < 1:
        raise InvalidValueError(f"jobs must be 1 or more, got {jobs}; give the number of processor cores")
    if jobs > 1 and time_s is not None:
        raise InvalidValueError(
            f"a cap on the time needs one job, got {jobs}; leave out the cap, or the jobs: a comparison that is interrupted "
            "goes on when it is started again"
        )
    if jobs > 1 and not keep:
        raise InvalidValueError(
            f"{jobs} jobs share a comparison through its folder, got none; give out a folder, or leave out jobs"
        )
