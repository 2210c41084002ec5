"""The evidence itself: what counts, what is learned from, whether graphs are the networks that were measured."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.device import find_profile
from dsim.errors import FileFormatError
from dsim.latency.families import family_of, load_families
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.networks import read_networks, stored

BUNDLED = ("iphone12", "iphone13", "iphone14")
# what the source prints cannot be the network: it counts other things, or has a misprint
PUBLISHED_OTHERWISE = {
    ("mobileone_s4", "macs"),  # MobileNetV4's table halves it
    ("mobilevit_xs", "macs"),  # some tables print 0.7, at 256 px it is 1.0
    ("mobilevit_s", "macs"),  # MobileOne's table prints 1.8, at 256 px it is 2.0
    ("mobilenetv3_large_100", "macs"),  # SwiftFormer's table prints 0.3, the network has 0.22
    ("mobilenetv3_small_100", "both"),  # StarNet's table counts another head
    ("mobilenetv3_small_075", "both"),
    ("mobilenetv2_140", "params"),  # 6.9 in some tables, 6.1 in the network
    ("coatnet_0_224", "macs"),  # the paper's stem differs a little from timm's
    ("convit_tiny", "macs"),  # without attention products
    ("resmlp_24_224", "macs"),
    # FastViT's paper counts 0.4 to 0.9 million fewer than its networks have, and MobileNetV4's 0.5 to 1.6
    *((f"fastvit_{size}", "params") for size in ("t8", "t12", "s12", "sa12", "sa24")),
    *((f"mobilenetv4_{size}", "params") for size in ("conv_medium", "conv_large", "hybrid_medium")),
}


@pytest.mark.parametrize("name", BUNDLED)
def test_graphs_have_the_published_parameters_and_macs(name: str) -> None:
    rows = [row for row in find_profile(name).networks if row.graph and row.params_m]
    graphs = stored({row.graph for row in rows})
    wrong = []
    for row in rows:
        base, graph = row.graph.split("@")[0], graphs[row.graph]
        if row.params_m and not {(base, "params"), (base, "both")} & PUBLISHED_OTHERWISE:
            off = abs(graph.params / 1e6 - row.params_m)
            wrong += [(row.graph, "params")] if off > max(0.06, 0.04 * row.params_m) else []
        if row.macs_g and not {(base, "macs"), (base, "both")} & PUBLISHED_OTHERWISE:
            off = abs(graph.macs / 1e9 - row.macs_g)
            wrong += [(row.graph, "macs")] if off > max(0.051, 0.09 * row.macs_g) else []
    assert sorted(set(wrong)) == []


def test_cliffs_and_repeats_are_never_learned_from(evidence: PooledEvidence) -> None:
    learned = [row for (_, row), use in zip(evidence.rows, evidence.learnable, strict=True) if use]
    assert learned
    assert not any(row.cliff or row.repeats for row in learned)


@pytest.mark.parametrize("name", BUNDLED)
def test_every_cliff_and_repeat_gives_its_evidence_in_words(name: str) -> None:
    for row in find_profile(name).networks:
        assert all(not text or len(text) > 20 for text in (row.cliff, row.repeats))


def test_every_measured_network_has_a_family_and_efficientformers_are_one(evidence: PooledEvidence) -> None:
    known = load_families()
    assert all(row.graph.split("@")[0] in known for _, row in evidence.rows)
    assert len({family for name, family in known.items() if name.startswith("efficientformer")}) == 1


def test_a_network_counts_at_most_twice(evidence: PooledEvidence) -> None:
    for key in {row.graph for _, row in evidence.rows}:
        at = [n for n, (_, row) in enumerate(evidence.rows) if row.graph == key and not row.cliff]
        assert np.sum(evidence.weight[at]) <= 2.0


def test_a_network_of_ones_own_is_a_family_of_its_own() -> None:
    assert family_of("my_net@224", "here") == "my_net"
    with pytest.raises(FileFormatError, match="name@resolution"):
        family_of("my_net", "here")


def test_a_graph_that_is_stored_nowhere_is_named() -> None:
    with pytest.raises(FileFormatError, match=r"'nobody@224'.*stored nowhere"):
        read_networks(frozenset({"nobody@224"}), ())
