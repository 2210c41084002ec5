"""Train one design by itself, and say what it reaches on search and test images."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property

import torch

from dsim.arch import Arch
from dsim.export import build_module
from dsim.supernet.alone import Alone
from dsim.supernet.augment import Scaling
from dsim.supernet.calibrate import calibrate
from dsim.supernet.choices import DEFAULT, Choices
from dsim.supernet.draws import draws
from dsim.supernet.evaluator import CALIBRATION, batches_of, scored
from dsim.supernet.images import Images, read_images
from dsim.supernet.pieces import design_px
from dsim.supernet.spec import ALONE, TrainSpec
from dsim.supernet.subnet import Subnet, parse_subnet
from dsim.supernet.trainer import Trainer
from lab.claims.fashion.inputs import Inputs, Work
from lab.claims.fashion.rows import Training


@dataclass(frozen=True)
class Bench:
    """What every job needs: the inputs, the work folder, and the pictures, read once in each process."""

    inputs: Inputs
    work: Work

    @cached_property
    def choices(self) -> Choices:
        """The space of all designs: the supernet's default."""
        return Choices(DEFAULT)

    @cached_property
    def images(self) -> Images:
        """The pictures."""
        return read_images(self.work.pictures, self.inputs.px)

    @cached_property
    def scaling(self) -> Scaling:
        """From bytes to the input of a network."""
        return Scaling.of(self.images.train)

    def subnet(self, text: str) -> Subnet:
        """Read a design."""
        return parse_subnet(text, self.choices.largest)

    def arch(self, subnet: Subnet, deployed: bool = False) -> Arch:
        """Return a design at the size of the pictures, or at the size that is deployed."""
        px = self.choices.space.resolution if deployed else design_px(self.inputs.px)
        return subnet.arch(self.choices.stem, self.choices.head, px, 10)

    def spec(self, images: int, seed: int) -> TrainSpec:
        """Return how a design is trained alone."""
        inputs = self.inputs
        return TrainSpec(
            images=images, px=inputs.px, importance=ALONE, seed=seed, batch=inputs.alone_batch,
            precision=inputs.precision, threads=1,
            learning_rate=inputs.alone_learning_rate,
        )  # fmt: skip


def train_alone(bench: Bench, text: str, images: int, seed: int) -> Training:
    """Train a design from fresh weights; the learning rate comes down at the end of so many images."""
    begin = time.process_time()
    pictures, scaling, spec = bench.images, bench.scaling, bench.spec(images, seed)
    arch = bench.arch(bench.subnet(text))
    torch.manual_seed(seed)
    module = build_module(arch)
    weights = dict(module.named_parameters())
    Trainer(spec, pictures.train, scaling, weights, Alone(arch, module, spec)).run(lambda: None)
    sample = pictures.train.take(draws(seed, "sample").permutation(len(pictures.train))[:CALIBRATION])
    calibrate(module, (batch for batch, _ in batches_of(sample, scaling, spec)), spec)
    search, search_right = scored(module, batches_of(pictures.search, scaling, spec), spec)
    test, test_right = scored(module, batches_of(pictures.test, scaling, spec), spec)
    return Training(
        text, seed, images,
        float(search.mean()), 100 * search_right / len(search),
        float(test.mean()), 100 * test_right / len(test),
        time.process_time() - begin,
    )  # fmt: skip
