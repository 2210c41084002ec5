"""A supernet that begins with trained weights: its largest design gives the scores that the trained network gives."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from dsim.errors import DsimError
from dsim.export import build_module
from dsim.supernet.choices import Choices
from dsim.supernet.elastic import Elastic
from dsim.supernet.start import begin_with
from tests.supernet.small import SMALL


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
    checkpoint.write_bytes(b"nothing of the kind")
    with pytest.raises(DsimError, match="must be safetensors, and is not"):
        begin_with(Elastic(Choices(SMALL), 32, 3, seed=0), checkpoint)
