"""A supernet that begins with trained weights: its largest design gives the scores that the trained network gives."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dsim.arch import Arch, Block, Mixer, get_preset
from dsim.errors import DsimError, FileFormatError
from dsim.export import build_module
from dsim.supernet import evaluate, load_choices, slim, space_below, train, train_design
from dsim.supernet.choices import Choices
from dsim.supernet.elastic import Elastic
from dsim.supernet.prices import Prices
from dsim.supernet.slim_supernet import ACTIONS, start_of
from dsim.supernet.spec import IMPORTANCES
from dsim.supernet.start import begin_with
from tests.supernet.small import SMALL, write_digits


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Weights of the largest design, with three classes, as the exporter's module has them."""
    choices = Choices(SMALL)
    torch.manual_seed(5)
    module = build_module(choices.largest.arch(choices.stem, choices.head, 32, 3))
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    save_file(module.state_dict(), tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def test_the_largest_design_is_the_trained_network(checkpoint: Path) -> None:
    net = Elastic(Choices(SMALL), 32, 3, seed=0)
    assert begin_with(net, checkpoint) == ()
    module = build_module(net.arch(net.choices.largest))
    module.load_state_dict(load_file(checkpoint))
    images = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        assert torch.allclose(net(net.choices.largest, images), module.train()(images), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "efficientformer_l1",
        *(pytest.param(f"efficientformer_{n}", marks=pytest.mark.slow) for n in ("l3", "l7")),
    ],
)
def test_a_preset_is_the_largest_design_of_its_space(name: str, tmp_path: Path) -> None:
    """Under the official keys (tests/export/test_official_keys.py), at another size and with other classes."""
    torch.manual_seed(3)
    module = build_module(get_preset(name))
    for key, weight in module.named_parameters():
        if "layer_scale" in key or "attention_biases" in key:
            torch.nn.init.normal_(weight, std=0.3)
    save_file(module.state_dict(), tmp_path / "official.safetensors")
    net = Elastic(Choices(space_below(get_preset(name))), 64, 5, seed=0)
    fresh = begin_with(net, tmp_path / "official.safetensors")
    assert set(fresh) == {"head.weight", "head.bias", "dist_head.weight", "dist_head.bias"}
    with torch.no_grad():
        for head in ("head", "dist_head"):
            classifier = module.get_submodule(head)
            classifier.weight = torch.nn.Parameter(net.weights[f"head.{head}.weight"].clone())
            classifier.bias = torch.nn.Parameter(net.weights[f"head.{head}.bias"].clone())
        images = torch.randn(4, 3, 64, 64, generator=torch.Generator().manual_seed(2))
        scores = net(net.choices.largest, images)
        assert torch.allclose(scores, module.train()(images), atol=1e-5, rtol=1e-5)
        assert scores.std(dim=0).min() > 1e-3  # the images matter


def test_a_space_below_a_design_holds_no_other_kind_of_it() -> None:
    with pytest.raises(DsimError, match=r"must be built like EfficientFormer \(V1\)"):
        space_below(get_preset("efficientformerv2_s0"))
    stages = get_preset("efficientformer_l1").stages
    plain = replace(stages[3], blocks=(Block(Mixer.CONV3), *stages[3].blocks[1:]))
    with pytest.raises(DsimError, match="one mixer, activation and MLP ratio"):
        space_below(Arch((*stages[:3], plain)))


def test_other_classes_begin_with_a_fresh_classifier(checkpoint: Path) -> None:
    net = Elastic(Choices(SMALL), 32, 7, seed=0)
    assert set(begin_with(net, checkpoint)) == {
        "head.weight",
        "head.bias",
        "dist_head.weight",
        "dist_head.bias",
    }


def test_weights_of_another_design_are_refused(checkpoint: Path) -> None:
    wider = SMALL.fixed(widths=((8, 16), (16,), (16, 24), (32, 64)))
    with pytest.raises(DsimError, match=r"must hold network\.5\.proj\.weight of shape \(64, 24, 3, 3\)"):
        begin_with(Elastic(Choices(wider), 32, 3, seed=0), checkpoint)
    shallower = SMALL.fixed(depths=((1, 2), (1,), (1, 2), (1,)))
    with pytest.raises(DsimError, match=r"design alone, got also network\.6\.1\."):
        begin_with(Elastic(Choices(shallower), 32, 3, seed=0), checkpoint)
    checkpoint.write_bytes(b"nothing of the kind")
    with pytest.raises(DsimError, match="must be safetensors, and is not"):
        begin_with(Elastic(Choices(SMALL), 32, 3, seed=0), checkpoint)


def test_a_space_of_several_sizes_of_image_is_refused_in_the_words_of_other_commands(tmp_path: Path) -> None:
    path = tmp_path / "space.toml"
    path.write_text("resolution = [192, 224]\n")
    with pytest.raises(
        FileFormatError, match=r"resolution must be one side here, got \[192, 224\]; dsim study"
    ):
        load_choices(path)


@pytest.mark.slow
@pytest.mark.parametrize("importance", IMPORTANCES)
def test_what_was_trained_on_one_task_is_slimmed_on_another(importance: str, tmp_path: Path) -> None:
    """Digits 0 to 4 first, then 5 to 9: the trained start ends at a lower loss than a fresh one of the same length."""
    low = write_digits(tmp_path / "low", per_class=100, classes=5)
    high = write_digits(tmp_path / "high", per_class=100, classes=5, first=5)
    choices = Choices(SMALL.fixed(mlp_ratios=((2.0,),) * 4))
    design = choices.largest.arch(choices.stem, choices.head, 32, 5)
    common = {"batch": 32, "flip": False, "threads": 1, "precision": "float32"}
    model = tmp_path / "low.model"
    train_design(design, low, model, images=32 * 200, **common)
    space = load_choices(model)
    assert space == space_below(design)
    loss = {}
    for name, start in (("trained", model), ("fresh", None)):
        options = {**common, "importance": importance, "space": space, "subnets": 1, "start": start}
        found = train(high, tmp_path / name, images=32 * 40, **options)
        loss[name] = evaluate(found, [found.choices.largest])[0].loss
        if start is not None:
            assert found.header.notes[-1].endswith("head.weight, head.bias, dist_head.weight, dist_head.bias")
            prices = Prices.of("pixel4-dsp", 1.0, 0.9)
            ends = [found.choices.smallest, start_of(found, ACTIONS[importance])]
            small, large = (prices(found.arch(subnet)).needs_ms for subnet in ends)
            budget = (small + large) / 2
            (result,) = slim(found, ["pixel4-dsp"], {"pixel4-dsp": budget}, tries=1)
            assert result.fits
            assert result.trace
    assert loss["trained"] < loss["fresh"]  # with seeds 0 to 3: by 0.14, 0.06, 0.07 and 0.03
