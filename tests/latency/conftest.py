"""Evidence and models, made once a session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dsim.device import find_profile
from dsim.latency import DeviceModel, load_model
from dsim.latency.evidence import Predicted
from dsim.latency.hold_out import hold_out
from dsim.latency.learners import LEARNERS
from dsim.latency.methods.pooled.evidence import PooledEvidence, gather


@pytest.fixture(scope="session")
def evidence() -> PooledEvidence:
    return gather(find_profile("iphone12"))


@pytest.fixture(scope="session")
def held(evidence: PooledEvidence) -> Predicted:
    return hold_out(LEARNERS["roofline"], evidence)


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
def model(cache: Path) -> DeviceModel:
    return load_model("iphone12")
