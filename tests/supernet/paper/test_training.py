"""A training by the paper's recipe on digits: it learns, continues where it was interrupted, and is shared by processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

from dsim.cli.main import dsim as command
from dsim.errors import DsimError
from dsim.progress import Work, watched_by
from dsim.supernet import train_design
from dsim.supernet.choices import Choices
from dsim.supernet.paper.disk import images_on_disk
from dsim.supernet.paper.feed import paper_feed
from dsim.supernet.processes import Processes
from dsim.supernet.spec import TrainSpec
from tests.supernet.small import SMALL, write_digits

CHOICES = Choices(SMALL)
DESIGN = CHOICES.smallest.arch(CHOICES.stem, CHOICES.head, 32, 4)
STEPS = 6
SHORT = {
    "images": 16 * STEPS,
    "batch": 16,
    "recipe": "paper",
    "threads": 1,
    "precision": "float32",
    "workers": 0,
    "px": 32,
}


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("parted")
    write_digits(root / "train", per_class=30)
    write_digits(root / "val", per_class=10)
    return root


class Presses:
    """Presses Ctrl-C once three steps are done."""

    def begin(self, work: Work) -> None:
        pass

    def step(self, work: Work, done: float, note: str) -> None:
        if work.unit == "images" and done == 3 * 16:
            signal.raise_signal(signal.SIGINT)

    def end(self, work: Work, finished: bool) -> None:
        pass


def test_a_step_sees_the_same_whatever_ran_before_it(parted: Path) -> None:
    pictures = images_on_disk(parted, 32)
    spec = TrainSpec(images=64, batch=16, shards=2, recipe="paper")
    one, fresh = (paper_feed(pictures, spec, Processes(), 0) for _ in range(2))
    seen = {(step, shard): one(step, shard) for step in range(4) for shard in range(2)}
    for place in ((2, 1), (3, 0)):  # as after an interruption
        images, shares = fresh(*place)
        assert images.shape == (8, 3, 32, 32)
        assert torch.equal(images, seen[place][0])
        assert torch.equal(shares, seen[place][1])


@pytest.mark.slow
def test_it_continues_where_it_was_interrupted(parted: Path, tmp_path: Path) -> None:
    result = train_design(DESIGN, parted, tmp_path / "whole", **SHORT)
    assert result.trained == "on parted, 96 images seen by the paper's recipe".replace("parted", parted.name)
    assert (result.train_images, result.test_images) == (120, 40)  # all of train/, tested on val/
    assert result.search_accuracy == result.accuracy
    assert result.scaling.mean == (0.485, 0.456, 0.406)
    with pytest.raises(KeyboardInterrupt), watched_by(Presses()):
        train_design(DESIGN, parted, tmp_path / "parts", **SHORT)
    train_design(DESIGN, parted, tmp_path / "parts", **SHORT)
    whole, parts = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "parts"))
    assert all(torch.allclose(whole[name], parts[name], atol=1e-6) for name in whole)


def test_what_does_not_go_together_is_refused(parted: Path, tmp_path: Path) -> None:
    with pytest.raises(DsimError, match="trains from fresh weights"):
        train_design(DESIGN, parted, tmp_path / "a", recipe="paper", start=tmp_path)
    with pytest.raises(DsimError, match="images must say how many to show"):
        train_design(DESIGN, parted, tmp_path / "a")
    words = ["train", "efficientformer_l1", "--data", str(parted), "--out", str(tmp_path / "a")]
    for options, says in (
        ([], "--images says how many"),
        (["--images", "1k", "--workers", "2"], "--recipe paper alone"),
    ):
        done = CliRunner().invoke(command, [*words, *options])
        assert done.exit_code == 2
        assert says in " ".join(done.output.split())


@pytest.mark.slow
def test_it_learns(parted: Path, tmp_path: Path) -> None:
    result = train_design(DESIGN, parted, tmp_path / "model", **SHORT | {"images": 16 * 500, "workers": 1})
    assert result.low > 25  # of four classes, chance is 25%


SCRIPT = """
import sys
from tests.supernet.paper.test_training import begin
begin(sys.argv[1], sys.argv[2])
"""


def begin(data: Path | str, out: Path | str) -> None:
    """Train with a batch in two shards."""
    train_design(DESIGN, data, out, shards=2, **SHORT)


@pytest.mark.slow
def test_two_processes_train_what_one_trains(parted: Path, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd(), "WORLD_SIZE": "2"}
    common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    words = [sys.executable, "-c", SCRIPT, str(parted), str(tmp_path / "two")]
    both = [
        subprocess.Popen(words, env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(2)
    ]
    for process in both:
        assert process.wait(timeout=300) == 0
    begin(parted, tmp_path / "one")
    one, two = (load_file(tmp_path / name / "state.safetensors") for name in ("one", "two"))
    for name, value in one.items():
        # a bias before a batch norm has no gradient but rounding, and AdamW makes steps of full size of it
        if name.startswith("weights/") and not name.endswith("bias"):
            assert torch.allclose(value, two[name], atol=1e-5), name
