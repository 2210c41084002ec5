"""Evidence and models, made once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsim.device import find_profile
from dsim.device.find import pool_of
from dsim.latency import LatencyModel, load_model
from dsim.latency.methods.pooled.ensemble import HeldOut, hold_out
from dsim.latency.methods.pooled.evidence import Evidence, gather


@pytest.fixture(scope="session")
def evidence() -> Evidence:
    return gather(pool_of(find_profile("iphone12")))


@pytest.fixture(scope="session")
def held(evidence: Evidence) -> HeldOut:
    return hold_out(evidence)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DSIM_CACHE", str(folder))
        patch.setenv("DSIM_PROFILES", str(folder / "profiles"))
        load_model.cache_clear()
        yield folder
    load_model.cache_clear()


@pytest.fixture(scope="session")
def model(cache: Path) -> LatencyModel:
    return load_model("iphone12")
