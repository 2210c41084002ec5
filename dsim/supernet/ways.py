"""The ways of training a supernet, by the importance that each serves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dsim.supernet.augment import Scaling
from dsim.supernet.choices import Choices
from dsim.supernet.elastic import Elastic
from dsim.supernet.gumbel import Gumbel
from dsim.supernet.images import Part
from dsim.supernet.processes import Processes
from dsim.supernet.sandwich import Sandwich
from dsim.supernet.spec import TrainSpec
from dsim.supernet.teacher import Teacher
from dsim.supernet.trainer import Trainer
from dsim.supernet.way import Way

WAYS: dict[str, Callable[[Elastic, TrainSpec, int], Way]] = {"gumbel": Gumbel, "ablation": Sandwich}


@dataclass(frozen=True, eq=False)
class Training:
    """A supernet in training: its weights, and what changes them."""

    net: Elastic
    trainer: Trainer


def supernet_training(
    spec: TrainSpec,
    part: Part,
    scaling: Scaling,
    classes: int,
    processes: Processes = Processes(),  # noqa: B008  (frozen)
    teacher: Teacher | None = None,
) -> Training:
    """Make a supernet with fresh weights, ready to train.

    Parameters
    ----------
    spec
        What is trained.
    part, scaling
        The pictures, and how they become numbers.
    classes
        Class scores.
    processes
        Which train together.
    teacher
        Decides beside the labels.
    """
    net = Elastic(Choices(spec.space), spec.px, classes, spec.seed)
    way = WAYS[spec.importance](net, spec, spec.steps)
    for weight in (*net.weights.values(), *way.parameters.values()):
        weight.data = weight.data.to(spec.device)
    return Training(net, Trainer(spec, part, scaling, net.weights, way, processes, teacher))
