"""What a pool is learned from is part of its name: the same folder with other rows is another pool."""

from __future__ import annotations

from dataclasses import replace

from dsim.device import find_profile
from dsim.latency import fit as learn
from dsim.latency.methods.pooled.ensemble import NOMINAL


def test_a_profile_without_some_rows_is_learned_anew() -> None:
    whole = find_profile("galaxy-s24-onnx-w8a16")
    priced = [row for row in whole.networks if row.graph and row.counts]
    part = replace(whole, networks=tuple(priced[:3]))
    first, second, again = (learn.learn_pool((one,), NOMINAL) for one in (whole, part, whole))
    assert again is first
    assert (len(first.evidence.rows), len(second.evidence.rows)) == (len(priced), 3)
    assert (first.fits[0].theta != second.fits[0].theta).any()
