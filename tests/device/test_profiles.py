"""The bundled profiles: every one loads, tells its sources, and names only networks that are stored and have a family."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import polars as pl
import pytest

from dsim.device import DeviceProfile, list_profiles, load_profile
from dsim.device.find import pool_of
from dsim.device.folders import EVIDENCE
from dsim.graph.store import load_graphs
from dsim.latency.facts import GRAPHS
from dsim.latency.families import DESIGN, load_families
from dsim.latency.networks import own_graphs
from dsim.places import bundled_profiles_dir

MIN_NETWORKS = 8
# what the issue names, one of each kind
EXPECTED = {
    "iphone": {"iphone12", "iphone13", "iphone14"},
    "snapdragon-npu": {"galaxy-s24-qnn-float", "8-elite-gen5-tflite-w8a8", "x-elite-onnx-float", "iq-9075-qnn-w8a16"},
    "desktop": {"i7-12700h", "i9-10940x", "rtx3090-eager", "rtx4090-compiled", "rtxpro6000-compiled-bf16"},
    "phone-cpu": {"pixel4-cpu-1large-float", "iphone7-cpu-2large-quant", "galaxy-s10-cpu-1large-torch-float"},
    "phone-gpu": {"pixel4-gpu-tflite", "iphonexs-gpu-torch"},
    "apple-ne": {"m5-ane", "m6-ane"},
    "one-table": {"pixel6-cpu", "pixel7-gpu", "pixel8-edgetpu", "pixel4-dsp", "galaxy-s23-cpu", "iphone14-pro-max"},
    "boards": {"rz-v2h-npu", "raspberry-pi-5-onnxruntime", "jetson-agx-xavier-tensorrt", "pixel3-gpu", "hailo8",
               "iphone7-coreml-cpu"},
}  # fmt: skip


@pytest.fixture(scope="module")
def profiles() -> dict[str, DeviceProfile]:
    return {name: load_profile(folder) for name, folder in list_profiles().items()}


@pytest.fixture(scope="module")
def evidence() -> list[DeviceProfile]:
    root = bundled_profiles_dir() / EVIDENCE
    return [load_profile(folder) for folder in sorted(root.iterdir())]


def test_every_group_holds_the_profiles_that_the_data_support(profiles: dict[str, DeviceProfile]) -> None:
    groups = defaultdict(set)
    for profile in profiles.values():
        groups[profile.group].add(profile.name)
    for group, names in EXPECTED.items():
        assert names <= groups[group], group


def test_every_row_names_its_source_and_licence(
    profiles: dict[str, DeviceProfile], evidence: list[DeviceProfile]
) -> None:
    for profile in (*profiles.values(), *evidence):
        rows = (*profile.networks, *profile.ops)
        assert rows, profile.name
        assert all(row.source and row.licence for row in rows), profile.name
        assert re.fullmatch(r"[a-z0-9-]+", profile.name)


@pytest.mark.slow
def test_every_graph_that_a_profile_names_is_stored_and_has_a_family(
    profiles: dict[str, DeviceProfile], evidence: list[DeviceProfile]
) -> None:
    stored: set[str] = set()
    for path in GRAPHS.glob("*.parquet"):
        keys = set(pl.read_parquet(path, columns=["key"])["key"].unique())
        assert not keys & stored, f"{path.name} repeats graphs"
        stored |= keys
    named = {row.graph for p in (*profiles.values(), *evidence) for row in p.networks if row.graph}
    named |= {op.network for p in profiles.values() for op in p.ops if op.network}
    own = {key for file in own_graphs(profiles.values()) for key in load_graphs(file)}
    assert not own & stored, "a profile brings along what is stored already"
    assert named <= stored | own, sorted(named - stored - own)
    families = load_families()
    assert {key.partition("@")[0] for key in named - own} <= set(families)
    blocks = {key for p in profiles.values() for c in p.contrasts for key in (c.graph_a, c.graph_b)}
    assert all(key.startswith(DESIGN) for key in own - blocks)
    assert own <= named | blocks, "a profile brings along nothing that it does not name"


def test_a_network_is_of_one_family_over_all_sources_and_forms() -> None:
    families = load_families()
    plain = {name: family for name, family in families.items() if "+" not in name}
    for name, family in families.items():
        bare = name.partition("+")[0]
        assert plain.get(bare, family) == family, name
    same = (("resnet18", "cv-resnet18"), ("mnasnet_100", "cv-mnasnet_b1"), ("pvt_v2_b0", "hf-pvt-tiny"),
            ("efficientnetv2_s", "tv-efficientnet_v2_s"), ("mobilenetv2_100", "cv-mobilenetv2_w1"))  # fmt: skip
    for one, other in same:
        assert families[one] == families[other]


def test_throughput_is_said_where_batches_are_large(profiles: dict[str, DeviceProfile]) -> None:
    for profile in profiles.values():
        if profile.batch_stated == "1" or profile.group == "apple-ne":
            assert profile.measures == "latency", profile.name
        else:
            assert profile.measures == "throughput", profile.name
            assert "per image" in profile.batch_stated, profile.name


def test_donors_end_at_a_profile_that_stands_alone(profiles: dict[str, DeviceProfile]) -> None:
    for name in profiles:
        seen = [name]
        while donor := profiles[seen[-1]].donor:
            assert donor not in seen, seen
            seen.append(donor)
        assert profiles[seen[-1]].method != "adapted"


def test_profiles_of_one_pool_share_the_passes_of_their_graphs(profiles: dict[str, DeviceProfile]) -> None:
    first: dict[str, DeviceProfile] = {}
    for profile in profiles.values():
        if profile.method in ("roofline", "adapted"):
            assert profile.passes == first.setdefault(profile.pool, profile).passes, profile.name


def test_small_combinations_stay_evidence_of_their_pool(
    profiles: dict[str, DeviceProfile], evidence: list[DeviceProfile]
) -> None:
    aihub = [p for p in profiles.values() if p.group == "snapdragon-npu"]
    assert all(len({row.network for row in p.networks}) >= MIN_NETWORKS for p in aihub)
    assert all(len({row.network for row in p.networks}) < MIN_NETWORKS for p in evidence)
    names = {p.name for p in evidence}
    assert not names & set(profiles)
    assert names & {p.name for p in pool_of(profiles["galaxy-s24-qnn-float"])}


def test_a_network_that_left_the_npu_is_a_cliff_and_one_that_stayed_is_none(
    profiles: dict[str, DeviceProfile],
) -> None:
    seen = 0
    for profile in profiles.values():
        if profile.pool.startswith("snapdragon-npu"):
            for row in profile.networks:
                assert bool(row.cliff) == bool(row.layers_other), (profile.name, row.network)
                seen += bool(row.cliff)
    assert seen > 20


def test_the_evidence_stays_small() -> None:
    def size(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    assert size(bundled_profiles_dir()) < 6_000_000
    assert size(GRAPHS) < 4_000_000
