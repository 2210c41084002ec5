"""The batches of a profile: how a file states them, and the profile at one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from dsim.arch import get_preset
from dsim.device import find_profile
from dsim.device.batches import (
    at_batch,
    card_batch,
    name_at,
    names_by_batch,
    plain_batches,
    split_name,
    unit_of,
)
from dsim.device.card import is_card
from dsim.device.load import load_profile
from dsim.errors import BatchError, FileFormatError
from dsim.places import bundled_profiles_dir
from dsim.search import search
from dsim.search.spec import StudySpec
from dsim.shift import compare

PROFILE = """schema_version = 1
name = "{name}"
title = "made up"
soc = "chip"
chip = "chip"
compute_unit = "CPU"
runtime = "runtime"
precision = "float32"
layout = "NCHW"
batch = {batch}
threads = "1"
measures = "{measures}"
group = "user"
method = "fine"
pool = "{name}"
licence = "none"
passes = ["drop_identities"]
reference = {{ protocol = "own", model = "it" }}
resolution = {{ low_px = 224, high_px = 224 }}
models = {{ it = "chip" }}
protocols = {{ own = "timed" }}
defaults = {{ lab = "me", source = "me", licence = "none" }}
"""


def write(folder: Path, batch: str, rows: str, measures: str = "latency") -> Path:
    folder.mkdir()
    text = PROFILE.format(name=folder.name, batch=batch, measures=measures)
    (folder / "profile.toml").write_text(text, encoding="utf-8")
    (folder / "networks.csv").write_text(rows, encoding="utf-8")
    return folder


ROWS = "network,graph,latency_ms,batch\na,resnet18@224,1.0,1\na,resnet18@224,6.0,8\nb,resnet50@224,2.0,1\n"


def test_a_profile_of_two_batches_is_cut_into_either(tmp_path: Path) -> None:
    whole = load_profile(write(tmp_path / "mine", "[1, 8]", ROWS))
    assert whole.batches == (1, 8)
    one, many = at_batch(whole), at_batch(whole, 8)
    assert [(p.name, p.batch, [row.latency_ms for row in p.networks]) for p in (one, many)] == [
        ("mine", 1, [1.0, 2.0]),
        ("mine@batch8", 8, [6.0]),
    ]
    assert (plain_batches(one), plain_batches(many)) == (1, 8)
    assert (card_batch(one), card_batch(many)) == (None, 8)
    assert names_by_batch("mine", one) == ("mine", "mine@batch8")
    assert names_by_batch("mine@batch8", many) == ("mine@batch8",)
    with pytest.raises(
        BatchError, match=r"mine was measured at batch 1 and 8 .* got batch 4; pass batch 1 or 8"
    ):
        at_batch(whole, 4)


def test_a_profile_of_one_larger_batch_says_it_in_its_name(tmp_path: Path) -> None:
    rows = "network,graph,latency_ms\na,resnet18@224,6.0\n"
    found = at_batch(load_profile(write(tmp_path / "mine", "8", rows)))
    assert (found.name, found.batch, found.batches, len(found.networks)) == ("mine@batch8", 8, (8,), 1)
    assert unit_of(found.name, found.measures) == "ms per run of 8 images"
    assert unit_of("mine", "latency") == "ms"


def test_older_profiles_are_of_one_image_or_of_what_their_words_begin_with(tmp_path: Path) -> None:
    rows = "network,graph,latency_ms\na,resnet18@224,6.0\n"
    for number, (batch, found) in enumerate(
        [('"1"', (1,)), ('"1; larger where an op says so"', (1,)), ('"unstated"', (1,))]
    ):
        assert load_profile(write(tmp_path / f"p{number}", batch, rows)).batches == found
    throughput = load_profile(write(tmp_path / "t", '"in each row"', ROWS, "throughput"))
    assert (throughput.batches, throughput.batch) == ((1, 8), 1)
    assert plain_batches(throughput) == [1, 8]
    assert at_batch(throughput) == throughput


@pytest.mark.parametrize(
    ("batch", "rows", "said"),
    [
        ("0", ROWS, "a number of images"),
        ("[1, -8]", ROWS, "a number of images"),
        ("true", ROWS, "batch must be a whole number or a text or a list, got True"),
        ("[1]", ROWS, "a figure at batch 8"),
        ("[1, 8]", "network,graph,latency_ms\na,resnet18@224,6.0\n", "every figure must say its own"),
        ("[1, 8]", "network,graph,latency_ms,batch\na,resnet18@224,6.0,0\n", "at least 1"),
        ("[1, 8]", "network,graph,latency_ms,batch\na,resnet18@224,6.0,1.5\n", "whole number"),
    ],
)
def test_a_batch_that_is_none_is_named(tmp_path: Path, batch: str, rows: str, said: str) -> None:
    with pytest.raises(FileFormatError, match=said):
        load_profile(write(tmp_path / "mine", batch, rows))


def test_names_ask_for_one_batch() -> None:
    assert split_name("mine@batch8") == ("mine", 8)
    assert split_name("mine") == ("mine", None)
    assert name_at("mine", 8) == name_at("mine@batch8", 8) == "mine@batch8"
    assert name_at("mine@batch8", None) == "mine@batch8"
    with pytest.raises(BatchError, match="leave one of them out"):
        name_at("mine@batch8", 4)
    assert StudySpec("mine@batch8", 2.0).name == "mine-batch8-2ms"
    assert [is_card(name) for name in ("card.toml", "card-batch8.toml", "profile.toml", "postcard.toml")] == [
        True, True, False, False
    ]  # fmt: skip


def test_a_search_or_comparison_at_another_batch_is_refused_before_it_begins() -> None:
    with pytest.raises(BatchError, match="iphone12 was measured at batch 1"):
        search("iphone12", 2.0, batch=8)
    with pytest.raises(BatchError, match="iphone12 was measured at batch 1"):
        compare(["iphone12", "iphone14"], batch=8, like=get_preset("efficientformer_l1"))
    assert find_profile("iphone12@batch1").name == "iphone12"


def test_every_bundled_profile_knows_its_batches() -> None:
    for path in sorted(bundled_profiles_dir().glob("*/profile.toml")):
        profile = find_profile(path.parent.name)
        if profile.measures == "latency":
            assert profile.batch in profile.batches, profile.name
        else:
            assert min(profile.batches) > 1, profile.name
            # a row without a batch of its own has the one that the profile states
            own = {row.batch for row in profile.networks}
            assert own <= set(profile.batches) or (own == {None} and len(profile.batches) == 1), profile.name
