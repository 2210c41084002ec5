"""The reference networks, on everything bundled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dsim.device import bundled_names, find_profile
from dsim.device.find import bundled_profile
from dsim.graph.store import graph_keys
from dsim.latency.facts import GRAPHS
from dsim.latency.methods.few_shot.reference import measured_ms, reference
from dsim.latency.methods.few_shot.shipped import BOARDS
from dsim.latency.networks import own_graphs
from dsim.places import bundled_profiles_dir


@pytest.mark.slow
def test_every_reference_network_is_stored_for_everybody() -> None:
    shared = {key for path in GRAPHS.glob("*.parquet") for key in graph_keys(path)}
    profiles = [bundled_profile(name) for name in bundled_names()]
    brought = {key for file in own_graphs(profiles) for key in graph_keys(file)}
    timed = {key for profile in profiles if profile.group != BOARDS for key in measured_ms(profile)}
    assert timed & brought, "no profile brings a design of its own any more: this test tests nothing"
    assert set(reference().keys) == timed & shared
    assert not set(reference().keys) & (brought - shared)


def test_a_profile_of_the_users_does_not_shadow_a_bundled_one_that_teaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(bundled_profiles_dir() / "iphone12", tmp_path / "iphone12")
    rows = (tmp_path / "iphone12" / "networks.csv").read_text().splitlines()
    (tmp_path / "iphone12" / "networks.csv").write_text("\n".join(rows[:5]) + "\n")
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    assert len(find_profile("iphone12").networks) == 4
    assert len(bundled_profile("iphone12").networks) == len(rows) - 1
