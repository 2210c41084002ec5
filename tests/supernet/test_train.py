"""Training: it learns, it goes on after a kill as if nothing had happened, and its books are right."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from dsim.errors import DsimError
from dsim.supernet import Supernet, evaluate, importance, load_supernet, train
from dsim.supernet.calibrate import calibrate
from dsim.supernet.elastic import Elastic
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.gumbel import Gumbel
from dsim.supernet.home import Home
from dsim.supernet.importance import ablation, alpha_importance
from dsim.supernet.ledger import Ledger
from dsim.supernet.trainer import OWN_RATE, Trainer
from tests.supernet.conftest import IMAGES, OPTIONS


def weights_of(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "state.safetensors")


def test_the_loss_falls(trained: Supernet) -> None:
    curve = pl.read_parquet(trained.home.folder / "curve.parquet")["loss"].to_numpy()
    assert len(curve) == IMAGES // 32
    assert curve[-10:].mean() < 0.75 * curve[:10].mean()
    found = evaluate(trained, [trained.choices.largest])[0]
    assert found.accuracy > 60  # of four classes, chance is 25


def test_planned_is_spent(trained: Supernet) -> None:
    raw = json.loads((trained.home.folder / "ledger.json").read_text())
    for stage in ("training", "importance"):
        planned, spent = raw["planned"][stage], raw["spent"][stage]
        for amount in ("images", "passes", "macs", "evaluations"):
            assert planned[amount] == spent[amount], (stage, amount)
        assert spent["cpu_seconds"] > 0
    assert raw["spent"]["training"]["images"] == IMAGES
    assert raw["spent"]["training"]["passes"] == 4 * IMAGES // 32


def test_macs_are_those_of_the_sub_networks(trained: Supernet) -> None:
    from dsim.supernet.sandwich import Sandwich

    way = Sandwich(trained.net, trained.header.spec, 60)
    by_graph = sum(trained.net.arch(subnet).to_graph().macs for subnet in way.subnets(3))
    assert way.macs(3) == by_graph


def test_no_design_is_evaluated_twice(trained: Supernet) -> None:
    evaluate(trained, [trained.choices.smallest])
    spent = dict(trained.evaluator.ledger.spent)
    again = evaluate(trained, [trained.choices.smallest, trained.choices.smallest])
    assert again[0] == again[1]
    assert trained.evaluator.ledger.spent == spent
    known = pl.read_parquet(trained.home.folder / "evaluated.parquet")
    assert known["subnet"].n_unique() == len(known)


def test_nothing_in_the_folder_can_run(trained: Supernet) -> None:
    names = {path.name for path in trained.home.folder.iterdir()} - {".lock"}  # which is empty
    assert {Path(name).suffix for name in names} <= {".toml", ".safetensors", ".parquet", ".json"}
    assert names >= {
        "supernet.toml",
        "state.safetensors",
        "curve.parquet",
        "evaluated.parquet",
        "importance.parquet",
        "ledger.json",
    }


def test_the_same_call_again_changes_nothing(trained: Supernet, digits: Path) -> None:
    state = (trained.home.folder / "state.safetensors").read_bytes()
    train(digits, trained.home.folder, images=IMAGES, **OPTIONS)
    assert (trained.home.folder / "state.safetensors").read_bytes() == state
    with pytest.raises(DsimError, match="asks for something else: seed 0 and 1"):
        train(digits, trained.home.folder, images=IMAGES, seed=1, **OPTIONS)


def test_other_pictures_are_refused(trained: Supernet, digits: Path, tmp_path: Path) -> None:
    import shutil

    other = tmp_path / "digits"
    shutil.copytree(digits, other)
    first, second = sorted((other / "digit-0").iterdir())[:2]
    shutil.copy(first, second)
    with pytest.raises(DsimError, match="must hold the pictures that"):
        train(other, trained.home.folder, images=IMAGES, **OPTIONS)
    with pytest.raises(DsimError, match="name their folder with --data"):
        load_supernet(trained.home.folder, other).images  # noqa: B018


SCRIPT = """
import sys
from tests.supernet.conftest import OPTIONS
from dsim.supernet import train
train(sys.argv[1], sys.argv[2], images=32 * 10, save_every_s=0.0, **{**OPTIONS, "subnets": 1, "importance": sys.argv[3]})
"""


@pytest.mark.parametrize("kind", ["ablation", pytest.param("gumbel", marks=pytest.mark.slow)])
def test_after_a_kill_the_weights_are_those_of_an_uninterrupted_run(
    kind: str, digits: Path, tmp_path: Path
) -> None:
    killed, whole = tmp_path / "killed.supernet", tmp_path / "whole.supernet"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()}
    with subprocess.Popen([sys.executable, "-c", SCRIPT, digits, killed, kind], env=environment) as process:
        limit = time.monotonic() + 120
        while not (killed / "state.safetensors").exists() and process.poll() is None:
            assert time.monotonic() < limit
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
    options = {**OPTIONS, "subnets": 1, "images": 32 * 10, "importance": kind}
    train(digits, killed, **options)
    train(digits, whole, **options)
    one, two = weights_of(killed), weights_of(whole)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    curves = [pl.read_parquet(folder / "curve.parquet") for folder in (killed, whole)]
    assert curves[0].equals(curves[1])


def test_ctrl_c_keeps_everything(digits: Path, tmp_path: Path) -> None:
    from dsim.progress import Work, watched_by

    class Presses:
        """Presses Ctrl-C in the middle of the training."""

        def begin(self, work: Work) -> None:
            self.training = work.what == "training the supernet"

        def step(self, work: Work, done: float, note: str) -> None:
            if self.training and done == 32 * 5:
                os.kill(os.getpid(), signal.SIGINT)

        def end(self, work: Work, finished: bool) -> None:
            pass

    options = {**OPTIONS, "subnets": 1, "images": 32 * 12}
    folder = tmp_path / "interrupted.supernet"
    with pytest.raises(KeyboardInterrupt), watched_by(Presses()):
        train(digits, folder, **options)
    steps = len(pl.read_parquet(folder / "curve.parquet"))
    assert 5 <= steps <= 6
    with pytest.raises(DsimError, match=f"at step {steps} of 12"):
        load_supernet(folder)
    train(digits, folder, **options)
    assert len(pl.read_parquet(folder / "curve.parquet")) == 12


def test_a_useless_block_is_found_useless(trained: Supernet, tmp_path: Path) -> None:
    net = load_supernet(trained.home.folder).net
    for name, weight in net.weights.items():
        if name.startswith("stages.2.0.") and "layer_scale" in name:
            weight.data.zero_()  # the block adds nothing to its input
    evaluator = Evaluator(
        net, trained.header.spec, trained.header.scaling, trained.images, Home(tmp_path), Ledger()
    )
    rows = {(row.stage, row.slot): row for row in ablation(evaluator, 3)}
    useless = rows.pop((2, 0))
    assert useless.subnets == 3
    assert abs(useless.importance) < 1e-5
    assert min(abs(row.importance) for row in rows.values()) > 10 * abs(useless.importance)


def test_a_useless_block_is_found_useless_by_its_alphas(trained: Supernet) -> None:
    spec = dataclasses.replace(trained.header.spec, images=32 * 24, importance="gumbel")
    net = Elastic(trained.choices, spec.px, 4, spec.seed)
    scales = [
        w for name, w in net.weights.items() if name.startswith("stages.0.1.") and "layer_scale" in name
    ]
    training = Gumbel(net, spec, spec.steps)
    trainer = Trainer(spec, trained.images.train, trained.header.scaling, net.weights, training)
    for _ in range(spec.steps):
        for scale in scales:
            scale.data.zero_()  # the slot's path gives its input, as identity does
        trainer.step()
    rows = {(r.stage, r.slot): r.importance for r in alpha_importance(net.choices, training.parameters)}
    # paths that give the same get the same gradient, so one path counts as much as identity: the ratio stays 1
    useless = abs(math.log(rows.pop((0, 1))))
    assert useless < 1e-4
    rows.pop((2, 1))  # two paths beside identity, whose ratio begins at 2
    assert min(abs(math.log(ratio)) for ratio in rows.values()) > 1e-3


def test_alphas_move_by_what_paths_are_worth(trained: Supernet) -> None:
    spec = dataclasses.replace(trained.header.spec, images=32 * 24, importance="gumbel")
    net = Elastic(trained.choices, spec.px, 4, spec.seed)
    training = Gumbel(net, spec, spec.steps)
    trainer = Trainer(spec, trained.images.train, trained.header.scaling, net.weights, training)
    trainer.step()
    rate = OWN_RATE * trainer.curve[0].learning_rate
    for alpha in training.parameters.values():
        assert alpha.grad is not None
        # Adam's first step is g / (|g| + epsilon), by which 1e-4 and 1e-2 would move alike were epsilon 1e-8 as usual
        moved = -rate * alpha.grad / (alpha.grad.abs() + 0.01)
        assert torch.allclose(alpha.detach(), moved, rtol=1e-3, atol=1e-8)
    least = min(float(alpha.detach().abs().max()) for alpha in training.parameters.values())
    assert least < 0.1 * rate  # fresh paths are worth next to nothing


def test_importance_covers_every_block_that_can_go(trained: Supernet) -> None:
    rows = importance(trained)
    assert [(row.stage, row.slot) for row in rows] == [(0, 0), (0, 1), (2, 0), (2, 1), (3, 0), (3, 1)]
    assert all(row.subnets == 3 for row in rows)


def test_batch_norms_are_the_sub_networks_own(trained: Supernet) -> None:
    evaluator, choices = trained.evaluator, trained.choices
    module = trained.module(choices.smallest)
    batches = [images for images, _ in evaluator.batches(evaluator.sample)]
    # by hand: what the first norm sees is what the first convolution gives
    first = module.get_submodule("patch_embed.0")
    norm = module.get_submodule("patch_embed.1")
    with torch.no_grad():
        means = np.mean([first(batch).mean(dim=(0, 2, 3)).numpy() for batch in batches], axis=0)
    assert np.allclose(norm.running_mean.numpy(), means, atol=1e-5)
    # the largest network's statistics, as far as they reach, are others
    largest = trained.module(choices.largest)
    inherited = largest.get_submodule("network.0.0.mlp.norm2").running_mean[:8]
    own = module.get_submodule("network.0.0.mlp.norm2").running_mean
    assert not torch.allclose(inherited, own, atol=1e-3)
    with torch.no_grad():
        before = module(batches[0])
        module.get_submodule("network.0.0.mlp.norm2").running_mean.copy_(inherited)
        assert (module(batches[0]) - before).abs().max() > 1e-3
    calibrate(module, batches, trained.header.spec)
    with torch.no_grad():
        assert torch.allclose(module(batches[0]), before, atol=1e-5)


def test_the_spec_tells_two_runs_apart(trained: Supernet) -> None:
    header = Home(trained.home.folder).read_header()
    assert header == trained.header
    assert dataclasses.replace(header.asked, seed=1) != trained.header.asked
