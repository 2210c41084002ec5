"""Evaluator: loss and accuracy of sub-networks on the search pictures. No sub-network is evaluated twice."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from numpy.typing import NDArray
from torch import Tensor, nn

from dsim.supernet.augment import Scaling
from dsim.supernet.calibrate import calibrate
from dsim.supernet.cost import Amounts, macs, timed
from dsim.supernet.draws import draws
from dsim.supernet.elastic import Elastic
from dsim.supernet.home import Home
from dsim.supernet.images import Images, Part
from dsim.supernet.ledger import Ledger
from dsim.supernet.spec import TrainSpec
from dsim.supernet.subnet import Subnet
from dsim.supernet.way import precise

CALIBRATION = 1024  # training pictures on which batch norms are recomputed
BATCH = 256
KEEP_EVERY_S = 30.0
TABLE = "evaluated"


@dataclass(frozen=True)
class Evaluation:
    """What a sub-network reaches on the search pictures, with the supernet's weights.

    Attributes
    ----------
    subnet
        `Subnet.text`.
    loss, loss_error
        Mean cross entropy, and its standard error over pictures.
    accuracy
        Percent right.
    images
        Pictures that it was evaluated on.
    """

    subnet: str
    loss: float
    loss_error: float
    accuracy: float
    images: int


def batches_of(part: Part, scaling: Scaling, spec: TrainSpec) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield pictures and labels in order; a last batch of a single one joins the batch before."""
    starts = list(range(0, len(part), BATCH))
    if len(starts) > 1 and len(part) - starts[-1] < 2:
        starts.pop()  # batch norm cannot take statistics of one picture
    for start, end in zip(starts, [*starts[1:], len(part)], strict=True):
        images = torch.from_numpy(part.images[start:end]).to(spec.device)
        yield scaling(images), torch.from_numpy(part.labels[start:end]).to(spec.device)


def scored(
    module: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], spec: TrainSpec
) -> tuple[NDArray[np.float64], int]:
    """Return the cross entropy of each picture (N,), and how many pictures a network gets right."""
    losses, right = [], 0
    with torch.no_grad(), precise(spec):
        for images, labels in batches:
            scores = module(images).float()
            losses.append(F.cross_entropy(scores, labels, reduction="none").cpu().numpy().astype(np.float64))
            right += int((scores.argmax(dim=1) == labels).sum())
    return np.concatenate(losses), right


class Evaluator:
    """Evaluates sub-networks of one supernet.

    Parameters
    ----------
    net, spec, scaling, images
        The supernet and its pictures.
    home
        Where evaluations are kept.
    ledger
        Where their cost is added.
    """

    def __init__(
        self, net: Elastic, spec: TrainSpec, scaling: Scaling, images: Images, home: Home, ledger: Ledger
    ) -> None:
        self.net, self.spec, self.scaling, self.images, self.home, self.ledger = (
            net, spec, scaling, images, home, ledger,
        )  # fmt: skip
        sample = draws(spec.seed, "sample").permutation(len(images.train))[:CALIBRATION]
        self.sample = images.train.take(np.sort(sample))
        self.known = {row.subnet: row for row in home.read_table(TABLE, Evaluation)}

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other processes from writing into the folder meanwhile, and know what they have written before."""
        with self.home.alone() as first:
            if first:
                self.known |= {row.subnet: row for row in self.home.read_table(TABLE, Evaluation)}
                self.ledger.read_again(self.home.ledger_path)
            yield

    def module(self, subnet: Subnet) -> nn.Module:
        """Return a sub-network as the exporter's module, with its own batch norm statistics, in eval mode."""
        module = self.net.cut_module(subnet).to(self.spec.device)
        calibrate(module, (images for images, _ in self.batches(self.sample)), self.spec)
        return module

    def batches(self, part: Part) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield pictures and labels in order."""
        return batches_of(part, self.scaling, self.spec)

    def measure(self, subnet: Subnet) -> Evaluation:
        """Evaluate a sub-network, whether or not it is known."""
        loss, right = scored(self.module(subnet), self.batches(self.images.search), self.spec)
        spread = float(loss.std(ddof=1)) / len(loss) ** 0.5 if len(loss) > 1 else 0.0
        return Evaluation(subnet.text(), float(loss.mean()), spread, 100 * right / len(loss), len(loss))

    def __call__(self, subnets: Iterable[Subnet], stage: str = "evaluation") -> Iterator[Evaluation]:
        """Yield the evaluation of each sub-network, in order; what is new is kept now and then, and when the loop ends.

        Parameters
        ----------
        stage
            Of the ledger.
        """
        with self.alone():
            known, kept = len(self.known), time.monotonic()
            try:
                for subnet in subnets:
                    key = subnet.text()
                    if key not in self.known:
                        with timed() as clock:
                            self.known[key] = self.measure(subnet)
                        self.ledger.spend(stage, self.amounts(subnet, clock.cpu, clock.wall))
                        if time.monotonic() - kept >= KEEP_EVERY_S:
                            self.keep()
                            known, kept = len(self.known), time.monotonic()
                    yield self.known[key]
            finally:
                if len(self.known) > known:
                    self.keep()

    def amounts(self, subnet: Subnet, cpu_s: float = 0.0, wall_s: float = 0.0) -> Amounts:
        """Return what one evaluation costs: pictures for batch norms and for scores, each once forwards."""
        shown = len(self.sample) + len(self.images.search)
        gpu_s = 0.0 if self.spec.device == "cpu" else wall_s
        return Amounts(shown, 1, shown * macs(self.net.arch(subnet)), 1, cpu_s, gpu_s)

    def keep(self) -> None:
        """Write all evaluations and the ledger."""
        self.home.write_table(TABLE, tuple(self.known.values()), Evaluation)
        self.ledger.write(self.home.ledger_path)
