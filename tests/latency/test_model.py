"""A fitted model: prices, chances, breakdowns, the cache."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from dsim.arch import PRESETS
from dsim.attrs import ConvAttrs, UnknownAttrs
from dsim.device import find_profile
from dsim.device.find import pool_of
from dsim.errors import InvalidValueError
from dsim.graph import GraphBuilder
from dsim.latency import Basis, DeviceModel, load_model
from dsim.latency.content import content_hash
from dsim.latency.fit import fit_model
from dsim.latency.kernel import Kernel
from dsim.latency.learners import LEARNERS
from dsim.latency.store import model_from_bytes, model_to_bytes
from dsim.op import OpKind
from tests.latency.incomplete import assert_incomplete


@pytest.fixture(scope="module")
def phi(model: DeviceModel) -> np.ndarray:
    return np.array([model.featurise(arch.to_graph()) for arch in PRESETS.values()])


def test_the_interval_holds_the_estimate_and_grows_with_confidence(
    model: DeviceModel, phi: np.ndarray
) -> None:
    half, most = model.price(phi, 0.5), model.price(phi, 0.95)
    assert np.all(most.low_ms < half.low_ms)
    assert np.all(half.high_ms < most.high_ms)
    assert np.all((most.low_ms < most.latency_ms) & (most.latency_ms < most.high_ms))


@pytest.mark.parametrize("chance", [0.2, 0.5, 0.8, 0.9, 0.95])
def test_what_a_network_needs_is_the_budget_that_it_fits_with_that_chance(
    model: DeviceModel, phi: np.ndarray, chance: float
) -> None:
    needs = model.price(phi, chance=chance).needs_ms
    for row, budget in zip(phi, needs, strict=True):
        if 1.0 - model.p_cliff(row[None])[0] > chance:
            assert model.p_fits(row[None], float(budget))[0] == pytest.approx(chance, abs=1e-6)
        else:
            assert budget == np.inf


def test_an_estimate_says_the_budget_that_its_network_needs(model: DeviceModel) -> None:
    graph = PRESETS["efficientformer_l1"].to_graph()
    for chance in (0.5, 0.9):
        found = model.estimate(graph, chance)
        fits = model.p_fits(model.featurise(graph)[None], found.needs_ms, found.question)
        assert fits == pytest.approx(chance, abs=1e-6)
        assert f"with a chance of {chance:.0%}" in found.fits


def test_a_cliff_that_is_likelier_than_the_rest_leaves_no_budget_that_is_enough(
    model: DeviceModel, phi: np.ndarray
) -> None:
    stays = 1.0 - model.p_cliff(phi)
    assert np.all(stays < 1.0)
    sure = float(stays.max()) + 1e-9
    assert np.all(model.price(phi, chance=sure).needs_ms == np.inf)
    assert np.all(model.p_fits(phi, 1e9) <= stays)


def test_a_need_grows_with_the_chance_and_the_intervals_level_has_no_part_in_it(
    model: DeviceModel, phi: np.ndarray
) -> None:
    needs = [model.price(phi, 0.6, chance).needs_ms for chance in (0.3, 0.5, 0.8, 0.9)]
    for less, more in itertools.pairwise(needs):
        assert np.all(less < more)
    np.testing.assert_array_equal(needs[-1], model.price(phi, 0.9).needs_ms)
    np.testing.assert_array_equal(model.price(phi, 0.6, 0.9).high_ms, model.price(phi, 0.6).high_ms)


def test_the_chance_to_fit_grows_with_the_budget(model: DeviceModel, phi: np.ndarray) -> None:
    chances = [model.p_fits(phi[:1], budget)[0] for budget in (0.5, 1.0, 2.0, 4.0)]
    assert chances == sorted(chances)


def test_more_work_costs_more(model: DeviceModel, phi: np.ndarray) -> None:
    more = phi.copy()
    more[:, : phi.shape[1] - 6] *= 1.1
    assert np.all(model.price(more).latency_ms > model.price(phi).latency_ms)


@pytest.mark.parametrize("name", ["efficientformer_l1", "efficientformerv2_s0", "poolformer_s12"])
def test_a_breakdown_adds_up_and_equals_the_price(model: DeviceModel, name: str) -> None:
    graph = PRESETS[name].to_graph()
    found = model.estimate(graph)
    assert found.latency_ms == pytest.approx(
        model.price(model.featurise(graph)[None]).latency_ms[0], rel=1e-12
    )
    assert found.fixed_ms + sum(k.latency_ms for k in found.kernels) == pytest.approx(
        found.latency_ms, rel=1e-12
    )
    assert sum(found.by_scope.values()) == pytest.approx(sum(found.by_op.values()), rel=1e-12)
    assert found.complete
    assert all(k.latency_ms > 0 for k in found.kernels)


def test_an_op_without_evidence_is_named_and_not_free(model: DeviceModel) -> None:
    b = GraphBuilder()
    x = b.add(OpKind.CONV2D, b.input((1, 3, 224, 224)), attrs=ConvAttrs(16, (3, 3), (2, 2), (1, 1)))
    x = b.add(OpKind.UNKNOWN, x, attrs=UnknownAttrs("roi_align", ((1, 16, 112, 112),)))
    found = model.estimate(b.build(x))
    assert not found.complete
    assert "roi_align" in found.notes[0]
    assert found.kernels[-1].evidence is Basis.UNSUPPORTED
    assert found.kernels[-1].latency_ms > 0


def test_an_incomplete_estimate_is_open_above_and_holds_what_is_priced(model: DeviceModel) -> None:
    assert_incomplete(model)


@pytest.mark.slow
@pytest.mark.parametrize("device", ["i7-12700h", "galaxy-s24-tflite-float"])
def test_an_estimate_is_incomplete_however_a_device_was_learned(cache: Path, device: str) -> None:
    assert_incomplete(load_model(device))


def test_what_a_rule_counts_makes_no_other_kernel(model: DeviceModel) -> None:
    prices = []
    for macs in (None, 10**8):
        b = GraphBuilder()
        x = b.add(
            OpKind.UNKNOWN, b.input((1, 16, 56, 56)), attrs=UnknownAttrs("lstm", ((1, 16, 56, 56),), 0, macs)
        )
        prices.append(model.estimate(b.build(x)).latency_ms)
        assert np.array_equal(
            model.featurise(b.build(x)), model.pricing.vectors([Kernel(b.build(x).nodes[0].op)])[0]
        )
    assert prices[0] == pytest.approx(prices[1], rel=1e-12)


def test_another_resolution_is_called_extrapolated(model: DeviceModel) -> None:
    b = GraphBuilder()
    x = b.add(OpKind.CONV2D, b.input((1, 3, 512, 512)), attrs=ConvAttrs(16, (3, 3), (2, 2), (1, 1)))
    assert any("extrapolated" in note for note in model.estimate(b.build(x)).notes)


def test_impossible_questions_are_refused(model: DeviceModel, phi: np.ndarray) -> None:
    for call in (
        lambda: model.price(phi, 1.0),
        lambda: model.price(phi, chance=0.0),
        lambda: model.price(phi[0]),
        lambda: model.p_fits(phi, 0.0),
    ):
        with pytest.raises(InvalidValueError):
            call()


def test_refitting_gives_the_same_model(model: DeviceModel) -> None:
    again = fit_model(find_profile("iphone12"))
    np.testing.assert_allclose(again.pricing.theta, model.pricing.theta, rtol=1e-9)
    np.testing.assert_allclose(again.calibration.cumulative, model.calibration.cumulative, rtol=1e-9)
    for one, other in zip(again.choices, model.choices, strict=True):
        assert (one.choice, one.identified, one.why) == (other.choice, other.identified, other.why)


def test_the_cache_gives_back_what_was_saved(model: DeviceModel, phi: np.ndarray) -> None:
    again = model_from_bytes(LEARNERS["roofline"], model_to_bytes(LEARNERS["roofline"], model))
    assert isinstance(again, DeviceModel)
    np.testing.assert_allclose(again.price(phi).high_ms, model.price(phi).high_ms, rtol=1e-9)
    assert again.identified == model.identified
    graph = PRESETS["efficientformer_l1"].to_graph()
    assert again.estimate(graph).latency_ms == pytest.approx(model.estimate(graph).latency_ms, rel=1e-9)


def test_a_users_profile_leaves_the_bundled_fits_alone(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = content_hash(p.folder for p in pool_of(find_profile("iphone12")))
    source = find_profile("iphone12").folder
    own = tmp_path / "mine"
    own.mkdir()
    for file in source.iterdir():
        (own / file.name).write_text(file.read_text().replace('name = "iphone12"', 'name = "mine"'))
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path))
    assert [p.name for p in pool_of(find_profile("mine"))] == ["iphone12", "iphone13", "iphone14", "mine"]
    assert content_hash(p.folder for p in pool_of(find_profile("iphone12"))) == before


def test_loading_twice_reads_the_cache(model: DeviceModel, cache: Path) -> None:
    assert list((cache / "models").glob("iphone12-*"))
    load_model.cache_clear()
    np.testing.assert_allclose(load_model("iphone12").pricing.theta, model.pricing.theta, rtol=1e-9)
