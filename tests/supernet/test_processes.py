"""Several processes: what they train together depends on the shards of a batch, not on how many work on them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from safetensors.torch import load_file

from dsim.arch import Head, Stem
from dsim.errors import DsimError
from dsim.search.space_file import space_toml
from dsim.supernet import Supernet, check, slim, task_source, train
from dsim.supernet.augment import augmented
from dsim.supernet.choices import Choices
from dsim.supernet.home import Home
from dsim.supernet.processes import Processes
from dsim.supernet.trained_model import read_trained
from tests.supernet.small import SMALL

SCRIPT = """
import sys
from tests.supernet.test_processes import begin
begin(sys.argv[1], sys.argv[2], sys.argv[3])
"""
IMAGES = 32 * 10


def begin(data: Path | str, out: Path | str, importance: str) -> None:
    """Train with a batch in two shards; the state is kept behind every step."""
    train(
        data,
        out,
        images=IMAGES,
        importance=importance,
        space=SMALL,
        batch=32,
        flip=False,
        threads=1,
        precision="float32",
        subnets=1,
        shards=2,
        save_every_s=0.0,
    )


def started(data: Path, out: Path, importance: str, count: int = 2) -> list[subprocess.Popen[bytes]]:
    """Start processes as torchrun does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd(), "WORLD_SIZE": str(count)}
    common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    words = [sys.executable, "-c", SCRIPT, str(data), str(out), importance]
    return [
        subprocess.Popen(words, env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)})
        for rank in range(count)
    ]


def assert_alike(one: Path, other: Path) -> None:
    """Compare losses and weights within rounding."""
    a, b = (load_file(folder / "state.safetensors") for folder in (one, other))
    assert a.keys() == b.keys()
    for name, value in a.items():
        # a bias before a batch norm has no gradient but rounding, and AdamW makes steps of full size of it
        if name.startswith("weights/") and not name.endswith("bias"):
            assert torch.allclose(value, b[name], atol=1e-5), name
    losses = [pl.read_parquet(folder / "curve.parquet")["loss"].to_numpy() for folder in (one, other)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("importance", ["ablation", "gumbel"])
def test_two_processes_train_what_one_trains(importance: str, digits: Path, tmp_path: Path) -> None:
    for process in started(digits, tmp_path / "two", importance):
        assert process.wait(timeout=300) == 0
    begin(digits, tmp_path / "one", importance)
    assert_alike(tmp_path / "one", tmp_path / "two")


@pytest.mark.slow
def test_one_process_finishes_what_two_began(digits: Path, tmp_path: Path) -> None:
    processes = started(digits, tmp_path / "killed", "ablation")
    limit = time.monotonic() + 120
    while not (tmp_path / "killed" / "state.safetensors").exists():
        assert time.monotonic() < limit
        time.sleep(0.01)
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.wait()
    for folder in ("killed", "whole"):
        begin(digits, tmp_path / folder, "ablation")
    assert_alike(tmp_path / "killed", tmp_path / "whole")


def torchrun(*words: object) -> subprocess.CompletedProcess[str]:
    """Run dsim in two processes."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    return subprocess.run(
        [*launcher, "-m", "dsim", *map(str, words)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.getcwd()},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.mark.slow
def test_torchrun_starts_the_command(digits: Path, tmp_path: Path) -> None:
    (tmp_path / "space.toml").write_text(space_toml(SMALL))
    words = ["supernet", "train", digits, "--out", tmp_path / "two", "--images", IMAGES]
    done = torchrun(*words, "--space", tmp_path / "space.toml", "--batch", 32)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("importance by gumbel, on") == 1  # one of them speaks
    assert "Warning" not in done.stderr
    assert Home(tmp_path / "two").read_header().asked.shards == 2


@pytest.mark.slow
def test_torchrun_trains_one_design(digits: Path, tmp_path: Path) -> None:
    design = Choices(SMALL).smallest.arch(Stem.TWO_CONVS, Head(), 224, 4)
    (tmp_path / "arch.json").write_text(design.to_json())
    words = ["train", tmp_path / "arch.json", "--data", digits, "--images", IMAGES, "--batch", 32]
    done = torchrun(*words, "--out", tmp_path / "two")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("Test accuracy") == 1
    header, result = read_trained(tmp_path / "two")
    assert (header.asked.shards, result.images) == (2, IMAGES)
    assert load_file(tmp_path / "two" / "weights.safetensors")


def test_what_processes_cannot_share_is_refused(trained: Supernet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    calls = (lambda: check(trained, 4), lambda: slim(trained, "iphone12", 1.0), lambda: task_source(trained))
    for call in calls:
        with pytest.raises(DsimError, match="torchrun has started 2; run it without torchrun"):
            call()


def test_shards_are_shared_evenly() -> None:
    assert [list(Processes(rank, 2).shards(4)) for rank in range(2)] == [[0, 1], [2, 3]]
    with pytest.raises(DsimError, match="got 3 shards for 2 processes"):
        Processes(0, 2).shards(3)


def test_a_picture_moves_alike_however_many_shards_there_are() -> None:
    images = np.random.default_rng(0).integers(0, 256, (12, 3, 16, 16), dtype=np.uint8)
    parts = [augmented(images[4 * k : 4 * k + 4], 1, 7, True, k, 3) for k in range(3)]
    assert np.array_equal(np.concatenate(parts), augmented(images, 1, 7, True))
