"""The example that ``help(dsim.search)`` shows runs."""

from __future__ import annotations

import doctest

import pytest

from dsim.search.run import search


@pytest.mark.slow
def test_the_example_of_search_runs() -> None:
    found = [test for test in doctest.DocTestFinder(recurse=False).find(search, "search") if test.examples]
    assert len(found) == 1
    assert doctest.DocTestRunner().run(found[0]).failed == 0
