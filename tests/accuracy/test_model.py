"""The fitted model: what it promises to a search, and how it does on the family that the search starts from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dsim.accuracy import REGION, AccuracyModel, estimate_top1, load_accuracy_model
from dsim.accuracy.misses import group_quantiles
from dsim.accuracy.recipe import Augment, Recipe, Teacher
from dsim.arch import PRESETS, Arch, Block, Mixer, Stage, get_preset
from dsim.errors import InvalidValueError


@pytest.fixture(scope="module")
def model() -> AccuracyModel:
    return load_accuracy_model()


@pytest.fixture(scope="module")
def presets(model: AccuracyModel) -> np.ndarray:
    return np.array([model.summarise(arch.to_graph()) for arch in PRESETS.values()])


def grown(arch: Arch) -> dict[str, Arch]:
    """Return the same design with one stage wider, or one block deeper."""
    out = {}
    for k, stage in enumerate(arch.stages):
        wider = replace(stage, width=(stage.width * 5 // 4 + 7) // 8 * 8)
        deeper = replace(stage, blocks=(stage.blocks[0], *stage.blocks))
        for name, changed in (("wider", wider), ("deeper", deeper)):
            out[f"stage {k + 1} {name}"] = replace(
                arch, stages=(*arch.stages[:k], changed, *arch.stages[k + 1 :])
            )
    return out


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_more_of_the_same_is_not_less_accurate(model: AccuracyModel, name: str) -> None:
    base = model.predict(model.summarise(PRESETS[name].to_graph())).top1[0]
    # phones run designs below 5 GMACs; above, one wider stage alone may read as a worse balance of widths
    slack = 0.05 if PRESETS[name].to_graph().macs < 5e9 else 0.3
    for what, arch in grown(PRESETS[name]).items():
        assert model.predict(model.summarise(arch.to_graph())).top1[0] > base - slack, what


def test_mixers_are_ranked_as_published(model: AccuracyModel) -> None:
    # identity < pooling < depthwise convolution, on PoolFormer and on EfficientFormer (MetaFormer and V2 papers)
    arch = get_preset("efficientformer_l1")

    def top1(mixer: Mixer) -> float:
        stages = tuple(
            Stage(
                s.width,
                tuple(replace(b, mixer=mixer) if b.mixer is Mixer.POOLING else b for b in s.blocks),
                s.downsample,
            )
            for s in arch.stages
        )
        return estimate_top1(replace(arch, stages=stages)).top1

    assert top1(Mixer.IDENTITY) < top1(Mixer.POOLING) < top1(Mixer.CONV3)


def test_intervals_nest_and_hold_the_estimate(model: AccuracyModel, presets: np.ndarray) -> None:
    narrow, wide = model.predict(presets, 0.5), model.predict(presets, 0.95)
    assert (wide.low < narrow.low).all()
    assert (narrow.low < narrow.top1).all()
    assert (narrow.top1 < narrow.high).all()
    assert (narrow.high < wide.high).all()


def test_a_batch_is_its_rows(model: AccuracyModel, presets: np.ndarray) -> None:
    whole = model.predict(presets)
    for k, row in enumerate(presets):
        alone = model.predict(row)
        for name in ("top1", "low", "high", "distance"):
            assert getattr(alone, name)[0] == pytest.approx(getattr(whole, name)[k], rel=1e-9, abs=1e-6)


def test_known_designs_are_in_the_region_and_nonsense_is_not(
    model: AccuracyModel, presets: np.ndarray
) -> None:
    assert model.in_region(presets).all()
    lean = tuple(
        Stage(w, (Block(Mixer.IDENTITY, mlp_ratio=0.5),), s.downsample)
        for w, s in zip((8, 8, 8, 2048), get_preset("efficientformer_l1").stages, strict=True)
    )
    nonsense = model.summarise(Arch(lean).to_graph())
    assert not model.in_region(nonsense)[0]
    answer, usual = model.predict(nonsense), model.predict(presets)
    assert answer.distance[0] > REGION
    assert (answer.high - answer.low)[0] > (usual.high - usual.low).max()


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.2, float("nan")])
def test_an_impossible_confidence_is_refused(
    model: AccuracyModel, presets: np.ndarray, confidence: float
) -> None:
    with pytest.raises(InvalidValueError, match="between 0 and 1"):
        model.predict(presets, confidence)


def test_ten_thousand_together_are_what_each_is_alone(model: AccuracyModel, presets: np.ndarray) -> None:
    many = np.repeat(presets, 10_000 // len(presets), axis=0)
    together, alone = model.predict(many), model.predict(presets)
    for name in ("top1", "low", "high"):
        np.testing.assert_allclose(
            getattr(together, name), np.repeat(getattr(alone, name), 10_000 // len(presets)), rtol=1e-9
        )


def test_a_fit_is_deterministic_and_the_cache_gives_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, presets: np.ndarray
) -> None:
    monkeypatch.setenv("DSIM_CACHE", str(tmp_path))
    load_accuracy_model.cache_clear()
    first = load_accuracy_model()
    assert [p.name for p in tmp_path.iterdir()] == ["accuracy"]
    load_accuracy_model.cache_clear()
    second = load_accuracy_model()
    load_accuracy_model.cache_clear()
    assert first.fingerprint == second.fingerprint != ""
    for name in ("top1", "low", "high", "distance"):
        np.testing.assert_allclose(
            getattr(first.predict(presets), name), getattr(second.predict(presets), name), rtol=1e-9
        )


def test_families_have_one_vote_each() -> None:
    pooled = group_quantiles(np.array([1.0] * 99 + [9.0]), ("big",) * 99 + ("small",))
    assert np.median(pooled) == pytest.approx(5.0, abs=4.0)
    assert (pooled > 8).mean() == pytest.approx(0.5)


def test_a_module_and_its_design_agree() -> None:
    from dsim.export.torch_export import build_module

    arch = get_preset("efficientformerv2_s0")
    graph, module = estimate_top1(arch.to_graph()), estimate_top1(build_module(arch))
    assert module.top1 == pytest.approx(graph.top1, abs=0.05)
    assert not graph.extrapolated


def test_a_design_is_kin_and_a_graph_may_be_of_any_family() -> None:
    arch = get_preset("efficientformer_l1")
    design, graph = estimate_top1(arch), estimate_top1(arch.to_graph())
    assert design.question == "another network of EfficientFormer's family, trained by its recipe"
    assert graph.question == "a network of a family of which no result is known"
    assert design.high - design.low < graph.high - graph.low
    other = estimate_top1(arch, recipe="epochs=100")
    assert other.question.endswith("trained by a new recipe")
    # no recipe of the kin's is known to be worth what the own one is
    assert design.high - design.low < other.high - other.low


def test_a_better_recipe_reads_better(model: AccuracyModel, presets: np.ndarray) -> None:
    plain = Recipe(300, Teacher.NONE, Augment.STRONG, 224)
    long = Recipe(1000, Teacher.CONVNET, Augment.STRONG, 224)
    usual = model.predict(presets).top1
    assert (model.predict(presets, recipe=plain).top1 < usual).all()
    assert (model.predict(presets, recipe=long).top1 > usual).all()
