"""What it costs to train designs alone, from a few timed steps of two of them.

The supernet's own training does not say it: a step there runs several sub-networks of other sizes in another module, and a
small design takes longer for each multiply-accumulate than a large one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dsim.progress import working
from dsim.supernet.anchors import alone_training, ready
from dsim.supernet.cost import Amounts, Clock, TimeByMacs, macs, timed
from dsim.supernet.evaluator import scored
from dsim.supernet.forecast import timed_steps, trial_steps
from dsim.supernet.loaded import Supernet
from dsim.supernet.spec import TrainSpec
from dsim.supernet.subnet import Subnet


@dataclass(frozen=True)
class AloneForecast:
    """Seconds of any design.

    Attributes
    ----------
    step, picture
        Of a step, and of the evaluation of one picture.
    spent
        What it cost to find out.
    """

    step: TimeByMacs
    picture: TimeByMacs
    spent: Amounts

    def seconds(self, amount: float, steps: int, pictures: int) -> Clock:
        """Return what one training takes.

        Parameters
        ----------
        amount
            Multiply-accumulates of the design for one picture.
        steps
            Of the training.
        pictures
            On which it is evaluated, those counted from which batch norms take their statistics.
        """
        return self.step.at(amount) * steps + self.picture.at(amount) * pictures


def time_alone(loaded: Supernet, subnets: Sequence[Subnet], spec: TrainSpec) -> AloneForecast:
    """Time steps and an evaluation of the cheapest and of the costliest of some designs, on weights that are thrown away."""
    by_cost = sorted(subnets, key=lambda subnet: macs(loaded.net.arch(subnet)))
    ends = (by_cost[0], by_cost[-1]) if len(by_cost) > 1 else (by_cost[0],)
    steps = trial_steps(spec)
    pictures = evaluation_pictures(loaded, tested=False)
    found, spent = [], Amounts()
    with working("timing steps", total=len(ends) * steps, unit="steps") as work:
        for subnet in ends:
            with timed() as whole:
                module, trainer = alone_training(loaded, subnet, spec)
                step = timed_steps(trainer, steps, work.step)
                with timed() as evaluation:
                    ready(loaded, module, spec)
                    scored(module, loaded.evaluator.batches(loaded.images.search), spec)
            found.append((macs(loaded.net.arch(subnet)), step, evaluation * (1.0 / pictures)))
            gpu = 0.0 if spec.device == "cpu" else whole.wall
            spent += Amounts(steps * spec.batch, steps, trainer.progress.macs, 1, whole.cpu, gpu)
    (low, low_step, low_picture), (high, high_step, high_picture) = found[0], found[-1]
    return AloneForecast(
        TimeByMacs(low, low_step, high, high_step), TimeByMacs(low, low_picture, high, high_picture), spent
    )


def evaluation_pictures(loaded: Supernet, tested: bool) -> int:
    """Return how many pictures one evaluation shows: for batch norms, for the search, and for the test."""
    images = loaded.images
    return len(loaded.evaluator.sample) + len(images.search) + (len(images.test) if tested else 0)
