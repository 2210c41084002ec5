"""Fine rates: learned from made-up stacks whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from dsim.arch import PRESETS, get_preset
from dsim.device import find_profile
from dsim.graph.passes import run_passes
from dsim.latency.evidence import without
from dsim.latency.families import by_size
from dsim.latency.features import COUNTED
from dsim.latency.methods.fine.correct import SINGLE, fit_correction, places
from dsim.latency.methods.fine.costs import COLUMNS, INDEX, PRICED, costs, total, vector
from dsim.latency.methods.fine.donor import stray
from dsim.latency.methods.fine.fit import fit_fine, priced
from dsim.latency.methods.fine.learner import Fine
from dsim.latency.methods.fine.prior import Regime, centres, groups
from dsim.latency.methods.fine.rates import FineRates, family_weight, learn_rates
from dsim.latency.pricing import LOOSE
from dsim.op import OpKind
from dsim.records import from_npz, to_npz

RNG = np.random.default_rng(3)


def _networks(count: int) -> np.ndarray:
    """Vectors of networks that differ: presets, each scaled and with some of its columns taken away."""
    base = np.array([total(get_preset(name).to_graph()) for name in sorted(PRESETS)])
    out = base[RNG.integers(len(base), size=count)] * RNG.uniform(0.3, 3.0, (count, 1))
    return out * np.where(RNG.random((count, out.shape[1])) < 0.3, 0.2, 1.0)


def test_amounts_of_kernels_add_up_and_count_the_work() -> None:
    graph = get_preset("efficientformer_l1").to_graph()
    run = run_passes(graph, ("drop_identities", "fold_batch_norm", "fuse_activation"))
    whole = total(run)
    assert whole == pytest.approx(sum(vector(op) for op in run.ops))
    by_macs = [n for n in PRICED if n.startswith("macs_") and not n.startswith("macs_grouped_")]
    assert sum(whole[INDEX[n]] for n in by_macs) * 1e9 == pytest.approx(graph.macs)
    weights = sum(whole[INDEX[n]] for n in PRICED if n.startswith("weights_")) * 1e6
    linear_like = sum(op.params for op in run.ops if op.kind in (OpKind.CONV2D, OpKind.LINEAR))
    assert weights == pytest.approx(linear_like)
    assert COLUMNS[-len(COUNTED) :] == COUNTED
    assert all(name in INDEX for op in run.ops for name, _ in costs(op))


def test_rates_of_a_known_stack_are_found_again() -> None:
    phi = _networks(300)
    low, spread = centres(Regime.CPU)
    truth = low + RNG.normal(0.0, 0.5, len(low)) * np.minimum(spread, 0.5) - 3.0
    log_ms = np.log(priced(phi) @ np.exp(truth)) + RNG.normal(0.0, 0.02, len(phi))
    found = fit_fine(phi[:200], log_ms[:200], np.ones(200), Regime.CPU, 0.05)
    error = np.log(priced(phi[200:]) @ np.exp(found.log_rate)) - log_ms[200:]
    assert np.median(np.abs(error)) < 0.03
    assert len(groups()) == len(low) == len(PRICED) + 1


def test_a_donor_helps_where_figures_are_few() -> None:
    phi = _networks(120)
    low, _ = centres(Regime.CPU)
    truth = low + RNG.normal(0.0, 1.0, len(low)) - 3.0
    other = truth + 1.0 + RNG.normal(0.0, 0.1, len(low))  # another chip: slower by e, else nearly alike
    log_ms = np.log(priced(phi) @ np.exp(other))
    few = slice(0, 8)
    own = fit_fine(phi[few], log_ms[few], np.ones(8), Regime.CPU, 0.05)
    led = fit_fine(phi[few], log_ms[few], np.ones(8), Regime.CPU, 0.05, truth, stray())

    def error(log_rate: np.ndarray) -> float:
        return float(np.median(np.abs(np.log(priced(phi[20:]) @ np.exp(log_rate)) - log_ms[20:])))

    assert error(led.log_rate) < error(own.log_rate)
    assert error(led.log_rate) < 0.1


def test_a_runtime_without_a_kernel_for_grouped_convolutions_is_found_far_from_its_donor() -> None:
    phi = _networks(120)
    grouped = slice(0, 6)  # a few networks of one family: beside 50 times their time they look like strays
    phi[grouped, INDEX["macs_grouped"]] = phi[grouped, INDEX["macs_dense3"]].mean()
    donor = centres(Regime.CPU)[0] - 3.0
    truth = donor.copy()
    truth[PRICED.index("macs_grouped")] += np.log(50.0)
    log_ms = np.log(priced(phi) @ np.exp(truth))
    found = fit_fine(phi, log_ms, np.ones(len(phi)), Regime.CPU, 0.08, donor, stray())
    error = np.log(priced(phi) @ np.exp(found.log_rate)) - log_ms
    assert np.abs(error[grouped]).max() < 0.1


@pytest.mark.slow
def test_four_networks_price_the_grouped_convolutions_of_another_family() -> None:
    learner = Fine()
    evidence = learner.gather(find_profile("iphonexs-cpu-1large-float"))
    assert sorted({str(n) for n in evidence.family[evidence.phi[:, INDEX["macs_grouped"]] > 0]}) == [
        "RegNet",
        "ResNet",
    ]
    rows = np.flatnonzero(evidence.family == "RegNet")
    said = evidence.predict(learner.learn(evidence, without({"RegNet"})), rows)
    # a fit that stays where the donor starts it takes the four for strays, and says a third of the time
    assert np.abs(np.exp(said.log_ms - evidence.log_ms[rows]) - 1.0).max() < 0.3


def test_figures_that_were_rounded_away_say_little() -> None:
    phi = _networks(80)
    log_ms = np.log(priced(phi) @ np.exp(centres(Regime.CPU)[0] - 3.0))
    family, hidden = np.array([f"f{n % 8}" for n in range(80)]), np.where(np.arange(80) < 25, 1.0, 0.0)
    wrong = log_ms + 0.6 * (hidden > 0)

    def error(rounding: np.ndarray | None) -> float:
        rates = learn_rates(phi, wrong, family, Regime.CPU, rounding=rounding)
        return float(np.abs(rates.log_ms(phi)[0] - log_ms)[hidden == 0].mean())

    assert error(hidden) < 0.5 * error(None)


def test_a_correction_learns_what_rates_leave_over_and_fades_far_away() -> None:
    phi = _networks(150)
    log_rate = centres(Regime.CPU)[0] - 3.0
    share = priced(phi) * np.exp(log_rate)
    residual = 0.3 * (share[:, PRICED.index("bytes_pointwise")] / share.sum(1) - 0.2)
    correction = fit_correction(phi, log_rate, residual)
    assert (
        np.median(np.abs(correction(phi, log_rate) - residual)) < 0.25 * np.median(np.abs(residual)) + 0.002
    )
    far = np.zeros((1, len(COLUMNS)))
    far[0, INDEX["bytes_upsample"]] = 100.0
    assert abs(correction(far, log_rate)[0]) < 0.05


def test_a_variant_is_corrected_by_its_sibling_only_where_every_network_counts() -> None:
    phi, log_rate = _networks(150), centres(Regime.CPU)[0] - 3.0
    residual = 0.2 * np.sign(
        np.random.default_rng(1).normal(size=len(phi))
    )  # each network is a case of its own
    variants = phi * 1.1

    def error(inducing: int) -> float:
        correction = fit_correction(phi, log_rate, residual, inducing)
        return float(np.median(np.abs(correction(variants, log_rate) - residual)))

    assert error(len(phi)) < 0.5 * error(30)


@pytest.mark.parametrize(("noise", "length", "pull"), [(0.04, 0.35, False), (1e-4, 5.0, True)])
def test_a_quick_correction_is_hardly_off_even_where_networks_pull_hard_against_each_other(
    noise: float, length: float, pull: bool
) -> None:
    phi, log_rate = _networks(150), centres(Regime.CPU)[0] - 3.0
    residual = 0.1 * np.random.default_rng(3).normal(size=len(phi))
    correction = fit_correction(phi, log_rate, residual, noise=noise, length=length)
    assert bool(SINGLE * np.linalg.norm(correction.weights) > LOOSE) is pull
    there = places(_networks(300), log_rate)
    np.testing.assert_allclose(correction.at(there, single=True), correction.at(there), rtol=0, atol=LOOSE)


def test_networks_that_stand_for_nearly_all_say_nearly_the_same() -> None:
    phi, log_rate = _networks(150), centres(Regime.CPU)[0] - 3.0
    residual = 0.1 * np.random.default_rng(2).normal(size=len(phi))
    every, nearly = (
        fit_correction(phi, log_rate, residual, count)(phi, log_rate) for count in (len(phi), len(phi) - 1)
    )
    assert np.median(np.abs(every - nearly)) < 0.1 * np.median(np.abs(every))


def test_shares_add_up_and_a_file_gives_back_the_rates() -> None:
    phi, family = _networks(60), np.array([f"f{n % 12}" for n in range(60)])
    log_ms = np.log(priced(phi) @ np.exp(centres(Regime.EAGER)[0] - 3.0))
    rates = learn_rates(phi, log_ms, family, Regime.EAGER)
    vectors = np.array([vector(op) for op in get_preset("efficientformer_l1").to_graph().ops])
    shares = rates.shares(vectors)
    assert (shares >= 0).all()
    assert 0.5 < shares.sum() <= 1.0
    again = from_npz(FineRates, to_npz(rates))
    assert again.log_ms(phi)[0] == pytest.approx(rates.log_ms(phi)[0], rel=1e-12)
    assert family_weight(family).mean() == pytest.approx(1.0)


def test_families_are_dealt_whole_and_evenly() -> None:
    family = np.array([f"f{n}" for n in range(40) for _ in range(1 + n % 7)])
    folds = by_size(family, 10)
    group = np.array([folds[name] for name in family])
    assert all(len(set(group[family == name])) == 1 for name in set(family))
    sizes = np.bincount(group)
    assert len(sizes) == 10
    assert sizes.max() - sizes.min() <= 7
