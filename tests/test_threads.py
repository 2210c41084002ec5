"""BLAS is held to one thread while something is learned, and let go again."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np  # noqa: F401
import pytest
import scipy.linalg  # noqa: F401
from threadpoolctl import threadpool_info, threadpool_limits

from dsim.threads import one_blas_thread


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


@pytest.fixture(autouse=True)
def three_threads() -> Iterator[None]:
    """Tests run with one thread, so that a limit would change nothing: start from three."""
    with threadpool_limits(limits=3, user_api="blas"):
        if blas_threads() != {3}:
            pytest.skip("this BLAS does not let its threads be set")
        yield


def test_one_thread_inside_and_as_before_outside() -> None:
    with one_blas_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {3}


def test_it_is_let_go_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        raise ZeroDivisionError
    assert blas_threads() == {3}


def test_a_function_may_be_held_and_call_itself() -> None:
    @one_blas_thread()
    def deep(levels: int) -> set[int]:
        return blas_threads() | (deep(levels - 1) if levels else set())

    assert deep(3) == {1}
    assert blas_threads() == {3}


def test_a_block_of_another_thread_that_ends_later_changes_nothing() -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with one_blas_thread():
            entered.set()
            leave.wait(60)

    with one_blas_thread():
        thread = threading.Thread(target=other)
        thread.start()
        assert entered.wait(60)
        assert blas_threads() == {1}
    leave.set()
    thread.join(60)
    assert blas_threads() == {3}
    with one_blas_thread():
        assert blas_threads() == {1}, "the next block works again"
