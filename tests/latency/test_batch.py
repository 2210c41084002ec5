"""A price is for the batch that was measured, or there is none."""

from __future__ import annotations

import pytest
from torch import nn

import dsim
from dsim.device import find_profile
from dsim.errors import BatchError
from dsim.graph.batch import rebatch
from dsim.latency import load_model
from dsim.latency.batch import ask

LATENCY, THROUGHPUT = "iphone12", "rtx4090-compiled"


def small() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, 2, 1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    ).eval()


@pytest.mark.parametrize("batch", [8, 256])
def test_another_batch_than_was_measured_has_no_price(batch: int) -> None:
    with pytest.raises(
        BatchError, match=rf"was measured at batch 1 .* got batch {batch}; pass batch 1"
    ) as error:
        dsim.predict(small(), LATENCY, (batch, 3, 224, 224))
    assert "\n" not in str(error.value)
    graph = dsim.get_preset("efficientformer_l1").to_graph()
    with pytest.raises(BatchError, match=f"got batch {batch}"):
        dsim.predict(rebatch(graph, batch), LATENCY)
    with pytest.raises(BatchError, match=f"got batch {batch}"):
        load_model(LATENCY).estimate(rebatch(graph, batch))


def test_throughput_is_of_one_image_whatever_the_input() -> None:
    one, many = (dsim.predict(small(), THROUGHPUT, (batch, 3, 224, 224)) for batch in (1, 8))
    assert many.latency_ms == pytest.approx(one.latency_ms, rel=1e-12)
    assert [k.macs for k in many.kernels] == [k.macs for k in one.kernels]
    assert not one.notes
    assert "one image" in many.notes[0]


def test_a_throughput_profile_knows_the_batches_of_its_rows() -> None:
    profile = find_profile(THROUGHPUT)
    assert profile.batches == (192, 256)
    assert profile.batch == 1
    assert {row.batch for row in profile.networks} == {192, 256}
    asked = ask(THROUGHPUT, rebatch(dsim.get_preset("efficientformer_l1").to_graph(), 8))
    assert asked.input_batch == 8
    assert asked.graph == dsim.get_preset("efficientformer_l1").to_graph()


@pytest.mark.parametrize(
    "name", [f"{LATENCY}@batch8", f"{THROUGHPUT}@batch256", f"{LATENCY}@batch0", f"{LATENCY}@batch"]
)
def test_a_batch_that_is_not_there_cannot_be_asked_for_by_name(name: str) -> None:
    with pytest.raises(BatchError, match=r"; |got"):
        find_profile(name)
