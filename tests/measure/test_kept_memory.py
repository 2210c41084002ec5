"""A run that frees what it asked for meets the same memory again, by the system's own count of page faults."""

from __future__ import annotations

import subprocess
import sys

import pytest

from dsim.measure.backends.kept_memory import kept_in_words

RUNS = """
import resource, sys
import torch
from dsim.measure.backends.kept_memory import keep_memory

torch.set_num_threads(1)
if sys.argv[1] == "keep":
    keep_memory()
one = torch.ones(10_000_000)
for n in range(6):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    one + one
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(faults)
"""


def faults(how: str) -> int:
    out = subprocess.run([sys.executable, "-c", RUNS, how], capture_output=True, text=True, check=True)
    return int(out.stdout)


@pytest.mark.skipif(not kept_in_words(), reason="the C library is not glibc")
def test_the_sixth_run_meets_the_memory_of_the_fifth() -> None:
    """40 MB are at least 19 pages of 2 MB, or 9,766 of 4 KB."""
    assert faults("keep") < 10 < 19 <= faults("leave")
