"""One design trained by itself: its test pictures stay unseen, and what is written is what was trained."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from dsim.errors import DsimError
from dsim.supernet import Supernet, train_design
from dsim.supernet.design_training import accuracy_interval
from dsim.supernet.evaluator import batches_of, scored
from tests.supernet.conftest import OPTIONS

SHORT = {"images": 32 * 12, "batch": 32, "threads": 1, "precision": OPTIONS["precision"]}


def test_what_is_written_gives_the_accuracy_that_is_told(
    trained: Supernet, digits: Path, tmp_path: Path
) -> None:
    design = trained.arch(trained.choices.largest)
    result = train_design(design, digits, tmp_path / "model", start=trained, **SHORT)
    assert result.start.startswith("the supernet on digits")
    assert result.test_images == len(trained.images.test)
    spec = importlib.util.spec_from_file_location("written_model", tmp_path / "model" / "model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.create_model()
    model.load_state_dict(load_file(tmp_path / "model" / "weights.safetensors"))
    model.eval()
    _, right = scored(
        model, batches_of(trained.images.test, result.scaling, trained.header.spec), trained.header.spec
    )
    assert 100 * right / result.test_images == pytest.approx(result.accuracy)
    assert result.low <= result.accuracy <= result.high
    assert result.accuracy > 60  # of four classes, chance is 25


def test_it_begins_with_the_supernets_weights(trained: Supernet, digits: Path, tmp_path: Path) -> None:
    from dsim.supernet.design_training import _start

    design = trained.arch(trained.choices.largest, 32)
    module = _start(design, design, trained, trained.header.spec)
    images = torch.randn(4, 3, 32, 32)
    with torch.no_grad():
        assert torch.allclose(module.train()(images), trained.net(trained.choices.largest, images), atol=1e-5)


def test_the_same_call_gives_the_same_weights(digits: Path, tmp_path: Path, trained: Supernet) -> None:
    design = trained.arch(trained.choices.smallest)
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        train_design(design, digits, folder, flip=False, **SHORT)
    one, two = (load_file(folder / "weights.safetensors") for folder in folders)
    assert all(torch.equal(one[name], two[name]) for name in one)
    with pytest.raises(DsimError, match="asks for something else: seed 0 and 1"):
        train_design(design, digits, folders[0], flip=False, seed=1, **SHORT)


def test_the_interval_is_wilsons() -> None:
    low, high = accuracy_interval(90, 100)
    z, p, n = 1.959964, 0.9, 100
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    assert (low, high) == pytest.approx((100 * (centre - half), 100 * (centre + half)), abs=1e-4)
