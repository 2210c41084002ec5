"""What every way of learning latency must do, run on each of them; and a sixth one, which works everywhere at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dsim
from dsim.arch import get_preset
from dsim.attrs import ConvAttrs, UnknownAttrs
from dsim.device.find import bundled_profile
from dsim.device.profile import DeviceProfile
from dsim.errors import FileFormatError, InvalidValueError
from dsim.graph import GraphBuilder
from dsim.latency import Basis, DeviceModel, load_model
from dsim.latency.evidence import ALL, Evidence, Times, without
from dsim.latency.families import family_of
from dsim.latency.features import FloatArray
from dsim.latency.fit import fit_model
from dsim.latency.hold_out import held_out
from dsim.latency.learner import Learner
from dsim.latency.learners import LEARNERS, learner_of, register, registered
from dsim.latency.methods.operators.evidence import OpEvidence
from dsim.latency.methods.operators.prices import fit_prices
from dsim.latency.methods.pooled.evidence import PooledEvidence
from dsim.latency.refit import families_of, refit
from dsim.latency.store import model_from_bytes, model_to_bytes
from dsim.latency.summary import summarise
from dsim.op import OpKind
from tests.latency.sixth import Sixth

# a small profile for each way of learning: one that comes with dsim, or some of its networks as if somebody had brought them
SAMPLES = {
    "roofline": "iphone12",
    "adapted": "pixel4-dsp",
    "fine": "pixel4-cpu-1large-float",
    "operators": "epyc-zen3-litert",
    "few-shot": "pixel4-cpu-1large-float",
    "sixth": "pixel4-cpu-3med-float",
}
DESIGNS = ("efficientformer_l1", "efficientformerv2_s0", "poolformer_s12")
SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", autouse=True)
def sixth() -> Iterator[None]:
    with registered("sixth", Sixth()):
        yield


def profile_for(method: str) -> DeviceProfile:
    profile = bundled_profile(SAMPLES[method])
    if method == "sixth":
        return replace(profile, name="sixth", method="sixth", donor="")
    if method == "few-shot":
        rows = [row for row in bundled_profile("pixel4-cpu-3med-float").networks if row.graph and row.counts]
        return replace(
            profile, name="few", method="few-shot", donor=profile.name, networks=tuple(rows[:50:10])
        )
    return profile


@dataclass(frozen=True)
class Case:
    method: str
    learner: Learner[Any, Any]
    profile: DeviceProfile
    evidence: Evidence

    def logs(self, pricing: Any) -> FloatArray:
        """Return log milliseconds (3,) of three designs."""
        graphs = [get_preset(name).to_graph() for name in DESIGNS]
        phi = [
            pricing.vectors([one.kernel for one in pricing.kernels(graph, self.profile.passes)]).sum(0)
            for graph in graphs
        ]
        return np.asarray(pricing.log_ms(np.array(phi))[0])

    def near(self, a: Any, b: Any) -> None:
        """Hold two prices to each other: to rounding, or where forests were grown to what another seed grows."""
        off = np.abs(self.logs(a) - self.logs(b)).max()
        assert off <= max(1e-5, self.spread)

    @property
    def spread(self) -> float:
        """How far designs move under another seed: nothing where there is no chance."""
        if not isinstance(self.evidence, OpEvidence):
            return 0.0
        rows, first = self.evidence.rows, self.learner.learn(self.evidence, ALL)
        base = self.logs(first)
        others = [
            replace(
                first,
                prices=fit_prices(rows.kernels, rows.ms, rows.weight, rows.dispatched, rows.exact, seed),
            )
            for seed in SEEDS
        ]
        return 3.0 * max(float(np.abs(self.logs(one) - base).max()) for one in others)

    @property
    def family(self) -> str:
        """The largest family with at most a quarter of the figures."""
        names, sizes = np.unique(self.evidence.figures.families, return_counts=True)
        fits = sizes <= max(len(self.evidence.figures.keys) / 4, 1)
        return str(names[fits][sizes[fits].argmax()])


@cache
def case_of(method: str) -> Case:
    profile = profile_for(method)
    learner = learner_of(profile)
    return Case(method, learner, profile, learner.gather(profile))


@cache
def model_of(method: str) -> DeviceModel:
    # the donor's, the pool's and the models of the other tests are one
    return load_model("iphone12") if method == "roofline" else fit_model(profile_for(method))


SLOW = ("operators", "few-shot")  # forests, and the table of all donors
METHODS = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in SAMPLES]


@pytest.fixture(params=METHODS)
def case(request: pytest.FixtureRequest) -> Case:
    return case_of(request.param)


@pytest.fixture(params=METHODS)
def model(request: pytest.FixtureRequest, cache: Path) -> DeviceModel:
    return model_of(request.param)


def test_every_learner_is_held_to_the_contract() -> None:
    assert set(SAMPLES) == set(LEARNERS), "a learner needs a small profile here"


def test_a_family_at_zero_teaches_as_if_it_were_not_there(case: Case) -> None:
    gone = case.family
    held = case.learner.learn(case.evidence, without({gone}))
    part = case.learner.gather(case.profile, lambda _, key: family_of(key, key) != gone)
    absent = case.learner.learn(part, ALL)
    case.near(held, absent)
    everything = case.learner.learn(case.evidence, ALL)
    assert np.abs(case.logs(held) - case.logs(everything)).max() > 1e-6, "the family taught something"


def doubled(record: Any, rows: np.ndarray, size: int) -> Any:
    """Append rows of a record's arrays and tuples of that size once more."""
    change = {}
    for one in dataclasses.fields(record):
        value = getattr(record, one.name)
        if isinstance(value, np.ndarray) and len(value) == size:
            change[one.name] = np.concatenate([value, value[rows]])
        elif isinstance(value, tuple) and len(value) == size:
            change[one.name] = value + tuple(value[n] for n in rows)
    return replace(record, **change)


def twice_over(evidence: Any, family: str) -> Any:
    """Return evidence with a family's rows once more, in a pool at the donor as well, which is drawn alike."""
    again = doubled(evidence, np.flatnonzero(evidence.family == family), len(evidence.family))
    if isinstance(evidence, PooledEvidence) and evidence.start is not None:
        again = replace(again, start=twice_over(evidence.start, family))
    return again


def test_a_family_at_two_teaches_as_if_it_were_there_twice(case: Case) -> None:
    twice = case.family
    times = Times(lambda family: 2 if family == twice else 1, keep_contrasts=True)
    found = case.learner.learn(case.evidence, times)
    evidence: Any = case.evidence
    if case.learner.once:
        case.near(found, case.learner.learn(evidence, ALL))
        return
    if isinstance(evidence, OpEvidence):
        rows = np.flatnonzero(evidence.family == twice)
        again = replace(
            doubled(evidence, np.flatnonzero(evidence.network_family == twice), len(evidence.keys)),
            rows=doubled(evidence.rows, rows, len(evidence.family)),
            family=np.concatenate([evidence.family, evidence.family[rows]]),
        )
    else:
        again = twice_over(evidence, twice)
    case.near(found, case.learner.learn(again, ALL))


def test_the_same_evidence_gives_the_same_prices(case: Case) -> None:
    a, b = (case.learner.learn(case.learner.gather(case.profile), ALL) for _ in range(2))
    np.testing.assert_allclose(case.logs(a), case.logs(b), rtol=0, atol=1e-9)


def test_what_is_left_shrinks_with_what_is_held_out(case: Case) -> None:
    every = case.evidence.left(ALL)
    assert 0 < case.evidence.left(without({case.family})) < every
    assert case.evidence.left(Times(lambda family: 0)) == 0


def test_vectors_of_kernels_and_of_pieces_add_up(model: DeviceModel) -> None:
    arch = get_preset("efficientformer_l1")
    whole = model.featurise(arch.to_graph())
    assert whole.shape == (len(model.columns),)
    kernels = model.vectors([placed.kernel for placed in model.kernels(arch.to_graph())])
    np.testing.assert_allclose(kernels.sum(0), whole, rtol=1e-12)
    pieces = np.sum([model.featurise(piece.graph) for piece in arch.pieces()], axis=0)
    # what a runtime links over a cut between pieces is not known from the piece alone
    cut = 1e-3 if model.method == "operators" else 1e-9
    ms = model.price(np.array([pieces, whole])).latency_ms
    assert ms[0] == pytest.approx(ms[1], rel=cut)


def test_what_is_saved_comes_back(model: DeviceModel) -> None:
    learner = LEARNERS[model.method]
    again = model_from_bytes(learner, model_to_bytes(learner, model))
    phi = np.array([model.featurise(get_preset(name).to_graph()) for name in DESIGNS])
    for name in ("latency_ms", "low_ms", "high_ms"):
        np.testing.assert_allclose(
            getattr(again.price(phi), name), getattr(model.price(phi), name), rtol=1e-12
        )
    assert again.choices == model.choices
    graph = get_preset("efficientformer_l1").to_graph()
    assert again.estimate(graph).shares == model.estimate(graph).shares


def test_what_another_way_wrote_is_not_read() -> None:
    written = model_to_bytes(LEARNERS["sixth"], model_of("sixth"))
    with pytest.raises(FileFormatError):
        model_from_bytes(LEARNERS["fine"], written)


def test_intervals_nest_with_confidence(model: DeviceModel) -> None:
    phi = model.featurise(get_preset("efficientformer_l1").to_graph())[None]
    found = [model.price(phi, level) for level in (0.5, 0.8, 0.9, 0.95)]
    for inner, outer in pairwise(found):
        assert (
            outer.low_ms[0] <= inner.low_ms[0] <= inner.latency_ms[0] <= inner.high_ms[0] <= outer.high_ms[0]
        )


def test_what_was_never_seen_is_named(model: DeviceModel) -> None:
    b = GraphBuilder()
    x = b.add(OpKind.CONV2D, b.input((1, 3, 224, 224)), attrs=ConvAttrs(16, (3, 3), (2, 2), (1, 1)))
    found = model.estimate(
        b.build(b.add(OpKind.UNKNOWN, x, attrs=UnknownAttrs("roi_align", ((1, 16, 112, 112),))))
    )
    assert not found.complete
    assert found.high_ms == np.inf
    assert "roi_align" in found.notes[0]
    assert found.kernels[-1].evidence is Basis.UNSUPPORTED
    assert found.kernels[-1].latency_ms >= 0


def test_a_name_that_is_taken_names_both_owners() -> None:
    with pytest.raises(InvalidValueError, match=r"sixth\.Sixth.*fine\.learner\.Fine"):
        register("fine", Sixth())


def test_a_method_that_nobody_knows_lists_those_that_are_known() -> None:
    profile = replace(bundled_profile("iphone12"), method="magic")
    with pytest.raises(FileFormatError, match=r"must be one of roofline, adapted, fine.*got 'magic'"):
        learner_of(profile)
    with pytest.raises(FileFormatError, match="donor: must be named"):
        learner_of(replace(profile, method="few-shot"))
    with pytest.raises(FileFormatError, match="donor: goes with"):
        learner_of(replace(profile, method="operators", donor="iphone13"))


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A user's profile that names the sixth method."""
    source, folder = bundled_profile(SAMPLES["sixth"]).folder, tmp_path / "profiles" / "mine"
    folder.mkdir(parents=True)
    about = (source / "profile.toml").read_text()
    lines = [line for line in about.splitlines() if not line.startswith(("donor", "method", "name ="))]
    (folder / "profile.toml").write_text('name = "mine"\nmethod = "sixth"\n' + "\n".join(lines) + "\n")
    (folder / "networks.csv").write_bytes((source / "networks.csv").read_bytes())
    monkeypatch.setenv("DSIM_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path / "cache"))
    load_model.cache_clear()
    yield "mine"
    load_model.cache_clear()


def test_a_sixth_learner_predicts_validates_and_is_learned_anew(mine: str) -> None:
    found = dsim.predict("efficientformer_l1", device=mine)
    assert found.low_ms < found.latency_ms < found.high_ms
    networks = held_out(mine)
    assert len(networks) > 100
    assert np.median([abs(one.error) for one in networks]) < 0.5
    card = summarise(mine).card
    assert (card.method, card.networks) == ("sixth", len(networks))
    half = frozenset(families_of(mine)[::2])
    again = refit(mine, lambda family: int(family in half))
    assert again.pricing.factors != pytest.approx(load_model(mine).pricing.factors)


@pytest.mark.slow
def test_a_sixth_learner_searches_and_is_compared(mine: str, tmp_path: Path) -> None:
    study = dsim.search(device=mine, budget_ms=60.0, trials=8, out=tmp_path / "studies")
    assert study.chosen is not None
    assert study.chosen.needs_ms is not None
    assert study.chosen.needs_ms <= 60.0
    other = "pixel4-cpu-1large-float"
    found = dsim.compare(
        [mine, other], trials=8, fold_trials=4, seeds=1, refits=10, out=tmp_path / "compared"
    )
    assert {one.device for one in found.devices} == {mine, other}
    assert [pair.shared for pair in found.pairs] == [""], "a sixth learner's prices are its own"
