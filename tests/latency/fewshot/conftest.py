"""A handful of donors, so that a table takes seconds: four phones' processors, one phone's GPU, and two iPhones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dsim.latency.fewshot import reference, teachers

DONORS = (
    "galaxy-a03s-cpu-1large-float",
    "galaxy-s10-cpu-1large-float",
    "iphonexs-cpu-1large-float",
    "pixel4-cpu-1large-float",
    "galaxy-s10-gpu-torch",
    "iphone12",
    "iphone13",
)


@pytest.fixture(scope="package")
def few_donors() -> Iterator[tuple[str, ...]]:
    caches = [
        one
        for module in (reference, teachers)
        for one in vars(module).values()
        if hasattr(one, "cache_clear")
    ]
    with pytest.MonkeyPatch.context() as patch:
        for module in (reference, teachers):
            patch.setattr(module, "bundled_names", lambda: DONORS)
        for one in caches:
            one.cache_clear()
        yield DONORS
    for one in caches:
        one.cache_clear()
