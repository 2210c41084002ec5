"""Way: how a supernet is trained. Everything outside a way treats all of them alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812  (torch's own habit)
from torch import Tensor, nn

from dsim.supernet.spec import TrainSpec


@dataclass(frozen=True, eq=False)
class Targets:
    """What the pictures of a batch are.

    Attributes
    ----------
    labels
        Their classes (N,), or shares of classes (N, classes) of mixed ones.
    decided
        The classes that a teacher decides on (N,); None where there is no teacher.
    """

    labels: Tensor
    decided: Tensor | None = None

    @property
    def apart(self) -> bool:
        """Whether each classifier has a target of its own, and so its scores must come apart."""
        return self.decided is not None

    def loss(self, scores: Tensor, smoothing: float) -> Tensor:
        """Return the loss of class scores.

        Parameters
        ----------
        scores
            (N, classes); where `apart`, (classifiers, N, classes).
        """
        if self.decided is None:
            return label_loss(scores, self.labels, smoothing)
        taught = F.cross_entropy(scores[-1].float(), self.decided)
        return (label_loss(scores[0], self.labels, smoothing) + taught) / 2

    def merged(self, scores: Tensor) -> Tensor:
        """Return the scores (N, classes) of the whole network."""
        return scores.mean(dim=0) if self.apart else scores


class Way(Protocol):
    """One way of training; those of supernets are made by ``WAYS[spec.importance](net, spec, steps)``."""

    what: str  # what goes on, in words that follow "dsim is"
    parameters: dict[str, nn.Parameter]  # what it learns beside the network's weights
    run: Callable[..., Tensor]  # gives class scores; `Processes.together` may stand around it
    all_used: bool  # whether every step uses all weights

    def losses(self, step: int, images: Tensor, targets: Targets) -> Iterator[Tensor]:
        """Yield the loss of each pass of one step, that on the targets first; go backwards before taking the next."""

    def passes(self, step: int) -> int:
        """Return how many sub-networks one step runs."""

    def macs(self, step: int) -> int:
        """Return the multiply-accumulates of one image in one step forwards."""


def precise(spec: TrainSpec) -> AbstractContextManager[object]:
    """Return the context in which a network runs: in bfloat16 where the run asks for it."""
    device = torch.device(spec.device).type
    return torch.autocast(device, torch.bfloat16, enabled=spec.precision == "bfloat16")


def label_loss(scores: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Return the cross entropy with smoothed labels."""
    return F.cross_entropy(scores.float(), labels, label_smoothing=smoothing)


def teacher_loss(scores: Tensor, teacher: Tensor) -> Tensor:
    """Return the divergence of a sub-network's scores from those of its teacher, which does not learn from it."""
    wanted = teacher.detach().float().log_softmax(dim=1)
    return F.kl_div(scores.float().log_softmax(dim=1), wanted, reduction="batchmean", log_target=True)


def backward(loss: Tensor) -> None:
    """Add the gradients of a loss to the weights."""
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
