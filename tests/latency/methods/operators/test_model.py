"""The whole way on a real profile: rows against traced graphs, prices, evidence, files."""

from collections import Counter

import numpy as np
import pytest

from dsim.attrs import ConstantAttrs, ConvAttrs
from dsim.device.find import find_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import InvalidValueError
from dsim.graph.builder import GraphBuilder
from dsim.graph.graph import Graph
from dsim.latency.evidence import ALL
from dsim.latency.hold_out import held_operators, held_out
from dsim.latency.learners import LEARNERS
from dsim.latency.methods.operators.evidence import OpEvidence, gather
from dsim.latency.model import DeviceModel
from dsim.latency.networks import stored
from dsim.latency.records import Basis
from dsim.latency.store import model_from_bytes, model_to_bytes
from dsim.op import OpKind
from tests.latency.incomplete import assert_incomplete
from tests.thorough import THOROUGH

OPERATORS = LEARNERS["operators"]
NETWORK = "cv-mobilenetv3_large_w1@224"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return stored({NETWORK})[NETWORK]


def test_rows_and_traced_graphs_tell_the_same_story(phone: DeviceProfile, timed: OpEvidence) -> None:
    assert timed.rows.lost <= 0.005 * len(phone.ops)
    launches = Counter(timed.rows.networks)
    macs: Counter[str] = Counter()
    for row in phone.ops:
        macs[row.network] += row.op.macs
    exact = 0
    for key, parts in zip(timed.keys, timed.parts, strict=True):
        assert abs(len(parts) - launches[key]) <= 22, key  # HRNet's upsampling has no rows
        exact += len(parts) == launches[key]
        assert macs[key] == pytest.approx(sum(kernel.op.macs for kernel in parts), rel=0.01), key
    assert exact >= 78


def test_a_runtime_links_activations_and_adds(timed: OpEvidence) -> None:
    for pair in (
        (OpKind.CONV2D, OpKind.RELU),
        (OpKind.CONV2D, OpKind.ADD),
        (OpKind.CONV2D, OpKind.HARDSWISH),
    ):
        assert pair in timed.rows.links
    assert not any(kind is OpKind.GELU for _, kind in timed.rows.links)


def test_vectors_of_pieces_add_up(model: DeviceModel, graph: Graph) -> None:
    placed = model.kernels(graph)
    whole = model.featurise(graph)
    assert whole.shape == (len(model.columns),)
    assert model.vectors([p.kernel for p in placed]).sum(0) == pytest.approx(whole)


def test_an_estimate_adds_up(model: DeviceModel, graph: Graph) -> None:
    found = model.estimate(graph)
    assert found.complete
    assert found.low_ms < found.latency_ms < found.high_ms
    assert sum(k.latency_ms for k in found.kernels) + found.fixed_ms == pytest.approx(found.latency_ms)
    assert found.latency_ms == pytest.approx(float(model.price(model.featurise(graph)[None]).latency_ms[0]))


def test_a_network_timed_here_is_priced_as_it_was_timed(model: DeviceModel, timed: OpEvidence) -> None:
    errors = [
        abs(float(model.price(model.vectors(parts).sum(0)[None]).latency_ms[0]) / ms - 1.0)
        for parts, ms in zip(timed.parts, timed.ms, strict=True)
    ]
    assert np.median(errors) < 0.04


def attention() -> Graph:
    builder = GraphBuilder()
    image = builder.input((1, 64, 14, 14))
    one = builder.add(OpKind.CONV2D, image, attrs=ConvAttrs(64, (1, 1)))
    two = builder.add(OpKind.MATMUL, one, one, attrs=ConstantAttrs())
    three = builder.add(OpKind.GELU, two)
    return builder.build(three)


def test_what_was_never_timed_is_named(model: DeviceModel) -> None:
    found = model.estimate(attention())
    assert not found.complete
    assert {k.kind for k in found.kernels if k.evidence is Basis.UNSUPPORTED} == {"matmul", "gelu"}
    assert "gelu, matmul" in found.notes[0]
    assert all(k.latency_ms > 0 for k in found.kernels)


def test_an_incomplete_estimate_is_open_above_and_holds_what_is_priced(model: DeviceModel) -> None:
    assert_incomplete(model)


def test_activations_are_told_apart_where_kernels_were_timed_with_both(model: DeviceModel) -> None:
    assert model.identified["activation:relu>hardswish"].identified
    assert not model.identified["activation:relu>gelu"].identified
    assert not model.identified["norm:batch>layer"].identified


def test_the_cache_keeps_everything(model: DeviceModel, graph: Graph) -> None:
    again = model_from_bytes(OPERATORS, model_to_bytes(OPERATORS, model))
    assert again.estimate(graph).latency_ms == pytest.approx(model.estimate(graph).latency_ms, rel=1e-9)
    assert again.choices == model.choices


def test_chances(model: DeviceModel, graph: Graph) -> None:
    phi = model.featurise(graph)[None]
    arrays = model.price(phi)
    assert model.p_cliff(phi) == pytest.approx([0.0])
    assert (
        model.p_fits(phi, float(arrays.high_ms[0]))[0] > 0.9 > model.p_fits(phi, float(arrays.low_ms[0]))[0]
    )
    assert model.price(phi).needs_ms[0] <= arrays.high_ms[0]  # it leaves no accelerator
    with pytest.raises(InvalidValueError, match="phi must be"):
        model.price(phi[:, 1:])
    with pytest.raises(InvalidValueError, match="budget"):
        model.p_fits(phi, 0.0)


@pytest.mark.skipif(not THOROUGH, reason="sixteen fits; run make thorough")
def test_families_held_out_reach_the_target(phone: DeviceProfile) -> None:
    held = held_out(phone.name, fresh=True)
    errors = np.array([abs(item.error) for item in held])
    assert np.median(errors) <= 0.08
    assert np.mean(errors <= 0.10) >= 0.65
    assert np.mean(errors <= 0.20) >= 0.90
    assert np.mean([item.low_ms <= item.measured_ms <= item.high_ms for item in held]) >= 0.80


def test_the_launch_from_outside_is_taken_out() -> None:
    evidence = gather(find_profile("m5-ane"))
    pricing = OPERATORS.learn(evidence, ALL)
    # the source speaks of about 74 us a call
    assert pricing.prices.roofline.floor_ms == pytest.approx(0.074, rel=0.1)


def test_shapes_held_out() -> None:
    held = held_operators("m6-ane")
    convs = [abs(item.error) for item in held if item.graph == "conv2d"]
    assert len(convs) > 100
    assert np.median(convs) < 0.15
    assert held_out("m6-ane") == ()


def test_a_profile_without_operators_says_so() -> None:
    with pytest.raises(InvalidValueError, match=r"ops\.parquet"):
        gather(find_profile("iphone12"))
