"""What an earlier time may have seen: nothing later, and nothing that no source dates."""

from __future__ import annotations

import pytest

from dsim.accuracy.evidence import load_evidence
from dsim.device import bundled_names, find_profile
from dsim.errors import InvalidValueError, UnknownNameError
from dsim.latency.evidence import kept_part
from dsim.latency.families import load_families
from lab.claims.reality import accuracy, latency
from lab.claims.reality.dates import OWN, Dated, bare, earlier, load_dates, month_of

CUTOFF = "2022-12"
LATER = ("repvit", "starnet", "iformer", "efficientformerv2", "fastvit", "mambaout", "convnextv2")
TABLE = {"old": Dated("2021-06", "arXiv 2106.00001"), "edge": Dated("2022-12", ""), "undated": Dated("", "")}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("old@224", True),
        ("cv-old+unfused@192", True),
        ("edge@224", False),  # the month itself is not earlier
        ("undated@224", False),
        ("design-0123456789ab@224", False),
        ("block-pooling-batch-relu-14x14x192@14", False),
    ],
)
def test_a_network_is_earlier_only_where_a_source_says_so(name: str, expected: bool) -> None:
    assert earlier(CUTOFF, TABLE)(name) is expected


def test_a_network_that_the_table_lacks_is_named() -> None:
    with pytest.raises(UnknownNameError, match="lacks 'nobody'"):
        earlier(CUTOFF, TABLE)("nobody@224")


def test_a_cutoff_must_be_a_month() -> None:
    with pytest.raises(InvalidValueError, match="'2022'"):
        earlier("2022")


def test_arxiv_numbers_say_the_month_and_the_latest_counts() -> None:
    assert month_of("RepViT, arXiv 2307.09283, after arXiv 2206.01191, 300 epochs") == "2023-07"
    assert month_of("timm model cards, 2022.13, 3600 epochs") == ""


def test_every_stored_network_and_every_result_has_a_row() -> None:
    names = {bare(name) for name in (*load_families(), *load_evidence().networks)}
    assert names <= set(load_dates())


def test_every_graph_that_a_profile_names_has_a_row_or_is_our_own() -> None:
    graphs: set[str] = set()
    for profile in map(find_profile, bundled_names()):
        graphs |= {row.graph for row in profile.networks}
        graphs |= {key for row in profile.contrasts for key in (row.graph_a, row.graph_b)}
    published = {bare(key) for key in graphs if key and not key.startswith(OWN)}
    assert published <= set(load_dates())


def test_rows_from_arxiv_agree_with_their_number() -> None:
    rows = [row for row in load_dates().values() if row.source.startswith("arXiv")]
    assert len(rows) > 100
    assert all(row.published == month_of(row.source) for row in rows)


def test_later_families_are_later() -> None:
    test = earlier(CUTOFF)
    assert not [name for name in load_dates() if name.startswith(LATER) and test(name)]
    assert test("efficientformer_l1@224")
    assert test("mobilenetv2_100@224")


@pytest.mark.parametrize("device", ["iphone12", "iphone13", "i9-10940x"])
def test_a_profile_loses_later_networks_and_what_touches_them(device: str) -> None:
    profile, test = find_profile(device), earlier(CUTOFF)
    before = kept_part(profile, lambda _, key: test(key))
    keys = {row.graph for row in before.networks} | {
        key for c in before.contrasts for key in (c.graph_a, c.graph_b)
    }
    assert not [key for key in keys if bare(key).startswith(LATER)]
    assert {"efficientformer_l1@224", "edgevit_xs@224"} & keys
    kept = [row for row in profile.networks if row.graph and test(row.graph)]
    assert list(before.networks) == kept


def test_a_device_that_starts_from_another_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="pixel6-cpu starts from another's"):
        latency.earlier_model("pixel6-cpu", CUTOFF)


def test_the_accuracy_model_sees_no_later_result_recipe_or_pair() -> None:
    found = accuracy.earlier_evidence(CUTOFF)
    evidence = found.kept
    assert len(evidence) + found.dropped == len(load_evidence())
    assert not [name for name in evidence.networks if name.startswith(LATER)]
    # an old network by a later recipe, and ablations that a later paper reports
    assert not [tag for tag in evidence.tags if tag.startswith(("ra4_", "sbb_"))]
    assert not [name for name in evidence.networks if name.startswith("efficientformer_l1+")]
    assert {"efficientformer_l1", "efficientformer_l3", "poolformer_s12+conv3"} <= set(evidence.networks)
    assert found.contrasts == 6  # of nine pairs three are StarNet's
