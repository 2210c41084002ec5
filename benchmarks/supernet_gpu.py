"""What a CUDA GPU does for supernets: images a second and peak memory at 224 px, and whether it orders blocks as the CPU does.

    python benchmarks/supernet_gpu.py

Takes less than ten minutes on one GPU with 8 cores beside it. Without a GPU it says so and measures nothing. It has not
been run on a GPU yet: its parts were run on a processor, by calling them with the device "cpu".
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.stats import kendalltau
from sklearn.datasets import load_digits

from dsim.arch import get_preset
from dsim.search.space import Space
from dsim.supernet import DEFAULT, Importance, load_supernet, space_below, train
from dsim.supernet.augment import Scaling
from dsim.supernet.evaluator import Evaluator
from dsim.supernet.home import Home
from dsim.supernet.images import Part
from dsim.supernet.importance import ablation
from dsim.supernet.ledger import Ledger
from dsim.supernet.spec import TrainSpec
from dsim.supernet.ways import supernet_training

PX, CLASSES, BATCH = 224, 10, 128
WARM, TIMED = 5, 20  # steps
IMAGES, SUBNETS, SIDE = 12_800, 8, 32  # of the run whose importances are compared
ASKED_TAU = 0.8


def random_part(count: int, px: int) -> Part:
    """Return pictures of noise: what a step costs does not depend on what they show."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 3, px, px), dtype=np.uint8)
    return Part(images, rng.integers(0, CLASSES, count))


def speed(space: Space, importance: str, device: str, part: Part) -> str:
    """Time steps of training, and return the words for it."""
    gpu = device != "cpu"
    spec = TrainSpec(
        images=BATCH * (WARM + TIMED),
        px=part.images.shape[-1],
        importance=importance,
        batch=BATCH,
        device=device,
        precision="bfloat16",
        space=space,
    )
    if gpu:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    trainer = supernet_training(spec, part, Scaling.of(part), CLASSES).trainer
    for _ in range(WARM):
        trainer.step()
    start = time.perf_counter()
    for _ in range(TIMED):
        trainer.step()  # waits for the GPU
    took = time.perf_counter() - start
    peak = f"{torch.cuda.max_memory_allocated() / 1e9:.1f} GB" if gpu else "not measured"
    return f"{BATCH * TIMED / took:,.0f} images a second, peak GPU memory {peak}"


def write_digits(folder: Path) -> Path:
    """Write scikit-learn's digits as a folder of PNG files."""
    digits = load_digits()
    for number, (values, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray((values * 255 / 16).astype(np.uint8))
        picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(place / f"{number}.png")
    return folder


def tau(one: tuple[Importance, ...], other: tuple[Importance, ...]) -> float:
    """Return Kendall's rank correlation of the importances of the same blocks."""
    assert [(row.stage, row.slot) for row in one] == [(row.stage, row.slot) for row in other]
    return float(kendalltau([row.importance for row in one], [row.importance for row in other]).statistic)


def orders(device: str, images: int = IMAGES, subnets: int = SUBNETS) -> tuple[float, float]:
    """Return tau between importances on the CPU and on a device: with the same weights, and each with its own training."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        data = write_digits(folder / "digits")
        common = {"images": images, "px": SIDE, "flip": False, "subnets": subnets, "precision": "float32"}
        threads = os.cpu_count() or 1
        here = train(data, folder / "cpu", threads=threads, **common)
        there = train(data, folder / "other", threads=threads, device=device, **common)
        moved = load_supernet(here.home.folder, data)
        for weight in moved.net.weights.values():
            weight.data = weight.data.to(device)
        spec = replace(moved.header.spec, device=device)
        evaluator = Evaluator(
            moved.net, spec, moved.header.scaling, moved.images, Home(folder / "moved"), Ledger()
        )
        (folder / "moved").mkdir()
        return tau(here.importance, ablation(evaluator, subnets)), tau(here.importance, there.importance)


def main() -> None:
    """Print what was measured; leave with 1 where the orders differ more than is asked."""
    if not torch.cuda.is_available():
        sys.exit(
            "supernet_gpu.py needs a CUDA GPU and a torch with CUDA, and this machine offers none; nothing was measured"
        )
    print(f"{torch.cuda.get_device_name()}, torch {torch.__version__}")
    part = random_part(2 * BATCH, PX)
    for name, space in (
        ("the default space", DEFAULT),
        ("efficientformer_l1", space_below(get_preset("efficientformer_l1"))),
    ):
        for importance in ("ablation", "gumbel"):
            print(
                f"{name}, {importance}, {PX} px, batches of {BATCH}: {speed(space, importance, 'cuda', part)}",
                flush=True,
            )
    same, own = orders("cuda")
    print(
        f"order of blocks, CPU and GPU, Kendall's tau: {same:.2f} with the same weights, {own:.2f} each trained by itself"
    )
    print(f"asked: at least {ASKED_TAU}")
    if min(same, own) < ASKED_TAU:
        sys.exit(1)


if __name__ == "__main__":
    main()
