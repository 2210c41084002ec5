"""What a pool is learned from is part of its name: the same folder with other rows is another pool."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dsim.device import find_profile
from dsim.latency import learn
from dsim.latency.ensemble import NOMINAL


def test_a_profile_without_some_rows_is_learned_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    gathered: list[int] = []

    class Gathered:
        learnable = ()

    def gather(pool: tuple[object, ...]) -> Gathered:
        gathered.append(len(pool[0].networks))
        return Gathered()

    monkeypatch.setattr(learn, "_LEARNED", {})
    monkeypatch.setattr(learn, "gather", gather)
    monkeypatch.setattr(learn, "fit_members", lambda *_, **__: ())
    monkeypatch.setattr(learn, "hold_out", lambda *_, **__: None)
    whole = find_profile("pixel6-cpu")
    part = replace(whole, networks=whole.networks[:3])
    for pool in ((whole,), (part,), (whole,)):
        learn.learn_pool(pool, NOMINAL)
    assert gathered == [len(whole.networks), 3]
